#include "cli/terminal/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"

namespace apatite::cli {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRedraw{200};
constexpr milliseconds kLine{5000};

// 75 s -> "1:15".
std::string duration(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::min(seconds, 1e9));
  const std::string rest = to_text(whole % 60);
  return to_text(whole / 60) + ":" + (rest.size() < 2 ? "0" : "") + rest;
}

// Tenths, for numbers that are only looked at.
std::string tenths(double value) {
  const auto rounded = static_cast<std::int64_t>(std::llround(std::min(value, 1e12) * 10));
  return with_thousands(rounded / 10) + "." + to_text(rounded % 10);
}

std::string bar(std::int64_t done, std::int64_t total) {
  constexpr std::int64_t kWidth = 30;
  const auto filled = static_cast<std::size_t>(done * kWidth / std::max<std::int64_t>(total, 1));
  return "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] ";
}

}  // namespace

Progress::Progress(bool even_without_terminal)
    : terminal_(::isatty(STDERR_FILENO) == 1), silent_(!terminal_ && !even_without_terminal) {}

void Progress::start(std::string_view unit) {
  finish();
  unit_ = unit;
  started_ = false;
}

void Progress::show(std::int64_t done, std::int64_t total) {
  now_ = Clock::now();
  done_ = done;
  total_ = total;
  if (!started_) {
    started_ = true;
    first_ = done;
    start_ = next_ = now_;
    if (!terminal_) next_ += kLine;
  }
  if (silent_ || now_ < next_) return;
  next_ = now_ + (terminal_ ? kRedraw : kLine);
  // \r and "erase to the end of the line": one line that changes.
  const std::string text =
      terminal_ ? "\r" + bar(done_, total_) + line() + "\x1b[K" : line() + "\n";
  std::fwrite(text.data(), 1, text.size(), stderr);
  shown_ = terminal_;
}

void Progress::finish() {
  if (shown_) std::fputs("\r\x1b[K", stderr);
  shown_ = false;
}

double Progress::per_second() const {
  const double seconds = std::chrono::duration<double>(now_ - start_).count();
  return seconds > 0 ? static_cast<double>(done_ - first_) / seconds : 0;
}

std::string Progress::rate() const {
  return done_ > first_ ? tenths(per_second()) + " " + unit_ + "/s" : std::string();
}

std::string Progress::line() const {
  std::string text = with_thousands(done_) + " of " + with_thousands(total_) + " " + unit_;
  if (const double speed = per_second(); speed > 0) {
    text += ", " + tenths(speed) + "/s, " + duration(static_cast<double>(total_ - done_) / speed) +
            " left";
  }
  return text;
}

std::string percent(std::int64_t part, std::int64_t whole) {
  const std::int64_t hundredths = (part * 10'000 + whole / 2) / whole;
  const std::string rest = to_text(hundredths % 100);
  return to_text(hundredths / 100) + "." + (rest.size() < 2 ? "0" : "") + rest + " %";
}

}  // namespace apatite::cli
