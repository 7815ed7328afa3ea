// How far a long run is, on standard error.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace apatite::cli {

// On a terminal a bar that is redrawn a few times a second; elsewhere nothing, or, if asked for, a
// line every few seconds.
class Progress {
 public:
  explicit Progress(bool even_without_terminal);

  // What is counted from now on, and from 0 again: "images" unless said otherwise.
  void start(std::string_view unit);

  void show(std::int64_t done, std::int64_t total);
  // Removes the bar.
  void finish();

  // "512.3 images/s" over what was done since the first call of show(); empty if that is nothing.
  [[nodiscard]] std::string rate() const;

 private:
  using Clock = std::chrono::steady_clock;

  [[nodiscard]] double per_second() const;
  [[nodiscard]] std::string line() const;

  std::string unit_ = "images";
  bool terminal_;
  bool silent_;
  bool shown_ = false;
  bool started_ = false;
  Clock::time_point start_;
  Clock::time_point now_;
  Clock::time_point next_;
  std::int64_t first_ = 0;  // done before this run
  std::int64_t done_ = 0;
  std::int64_t total_ = 0;
};

// 9173 of 10000 -> "91.73 %", rounded to the nearest hundredth.
std::string percent(std::int64_t part, std::int64_t whole);

}  // namespace apatite::cli
