#include "cli/options/map_options.h"

#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include "cli/options/split_list.h"

namespace apatite::cli {

study::MapChoice MapOptions::choice() const {
  study::MapChoice choice;
  for (const std::string& name : split_list(methods))
    choice.methods.push_back(gradcam::find_method(name));
  choice.layers = split_list(layers);
  return choice;
}

void add_map_options(CLI::App& command, MapOptions& options, const std::string& default_methods) {
  options.methods = default_methods;
  command
      .add_option("--method", options.methods,
                  "Methods that make the maps, separated by commas; they are listed below")
      ->capture_default_str()
      ->type_name("NAMES");
  command
      .add_option(
          "--layer", options.layers,
          "Layers whose maps are wanted, separated by commas; apatite describe --taps lists "
          "them. Default: the last layer with spatial extent that every path passes through")
      ->type_name("NAMES");
  command
      .add_option("--target", options.target,
                  "Class to explain: its name, its number from 0, or predicted for the class that "
                  "the network predicts")
      ->capture_default_str()
      ->type_name("CLASS");
  command
      .add_option("--path-steps", options.settings.path_steps,
                  "Number of gradients that integrated-gradients averages along its path")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--smooth-samples", options.settings.smooth_samples,
                  "Number of noisy images that smoothgrad averages over")
      ->capture_default_str()
      ->type_name("N");
  command
      .add_option("--smooth-noise", options.settings.smooth_noise,
                  "Standard deviation of the noise of smoothgrad, as a fraction of the difference "
                  "between the largest and the smallest value of the network's input")
      ->capture_default_str()
      ->type_name("X");
  command.add_option("--seed", options.settings.seed, "Seed of the random numbers")
      ->capture_default_str()
      ->type_name("N");
}

std::string method_list() {
  std::string text = "Methods:\n";
  for (const gradcam::MethodInfo& info : gradcam::methods()) {
    std::string name = "  " + std::string(info.name);
    name.resize(24, ' ');
    text += name + std::string(info.description) + "\n";
  }
  return text;
}

}  // namespace apatite::cli
