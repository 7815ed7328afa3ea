// How --help shows options.
#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <string>

namespace apatite::cli {

// The name of an option and of its value stand in one column. What the value means stands in the
// next one: the help text, then "Required", the default or the options that exclude it, in lines
// that fit into 80 columns.
class HelpFormatter : public CLI::Formatter {
 public:
  HelpFormatter();

  std::string make_option_opts(const CLI::Option* option) const override;
  std::string make_option_desc(const CLI::Option* option) const override;
};

}  // namespace apatite::cli
