// Texts that the torch readers share: remedies, and text from a file prepared for a message.
#pragma once

#include <string>
#include <string_view>

namespace apatite::weights::torch {

inline constexpr std::string_view kDamaged =
    "the file is damaged or cut off: copy or download it again";
inline constexpr std::string_view kSaveAgain =
    "load it with torch.load and save it again with torch.save";
inline constexpr std::string_view kSaveWeights =
    "save the weights alone: torch.save(model.state_dict(), \"weights.pth\")";

// At most 80 bytes of `text` with all but printable ASCII as '?': a name in a hostile file may be
// megabytes of anything.
inline std::string printable(std::string_view text) {
  constexpr std::size_t kLimit = 80;
  std::string result(text.substr(0, kLimit));
  for (char& c : result) {
    if (c < ' ' || c > '~') c = '?';
  }
  if (text.size() > kLimit) result += "...";
  return result;
}

}  // namespace apatite::weights::torch
