// Decoders that die, hang, take everything or complain cost one image each.
#include "image/decoder/decoder_pool.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <thread>

#include "base/bytes.h"
#include "tests/support/program.h"
#include "tests/support/seeded_image.h"

namespace apatite::image {
namespace {

// Tries what a decoder may not do; per try errno, 0 if it could.
std::vector<float> forbidden_things() {
  std::vector<float> errors;
  const auto note = [&](auto result) {
    errors.push_back(result < 0 ? static_cast<float>(errno) : 0.0F);
  };
  note(::open("/etc/passwd", O_RDONLY));
  note(::open("/tmp/apatite-decoder-was-here", O_WRONLY | O_CREAT, 0600));
  note(::socket(AF_INET, SOCK_STREAM, 0));
  note(::unlink("/tmp/apatite-nothing"));
  note(::fork());
  note(::kill(::getppid(), 0));
  char name[] = "/bin/true";
  std::array<char*, 2> arguments{name, nullptr};
  note(::execv(name, arguments.data()));
  return errors;
}

Image constant_image(std::int64_t height, std::int64_t width, std::uint8_t value,
                     std::string_view where) {
  Image image = make_image<std::uint8_t>(height, width, 1, std::string(where));
  std::ranges::fill(image.values<std::uint8_t>(), value);
  return image;
}

// Does what the file says.
Image act(std::span<const std::byte> file, std::string_view where) {
  const std::string_view text = as_text(file);
  if (text == "abort") std::abort();
  if (text == "assert") {
    constexpr std::string_view kWords = "codec.cc:12: Assertion `x' failed\nmore\n";
    static_cast<void>(!::write(STDERR_FILENO, kWords.data(), kWords.size()));
    std::abort();
  }
  if (text == "crash") ::raise(SIGSEGV);
  if (text == "kill") ::raise(SIGKILL);
  if (text == "sleep") std::this_thread::sleep_for(std::chrono::hours(1));
  if (text == "spin") {
    for (volatile bool busy = true; busy;) {
    }
  }
  if (text == "eat") {
    std::vector<std::vector<char>> eaten;
    for (;;) eaten.emplace_back(std::size_t{1} << 24U, 'x');
  }
  if (text == "fill") {
    return make_image<std::uint8_t>(2000, 2000, 1, std::string(where));
  }
  if (text == "complain") {
    static_cast<void>(!::write(STDERR_FILENO, "premature end\n", 14));
    return make_image<std::uint8_t>(1, 1, 1, std::string(where));
  }
  if (text == "several") {
    // The first image lies in the memory that the parent reads, the second does not.
    const Image first = constant_image(500, 1000, 3, where);
    return constant_image(500, 1000, 7, where);
  }
  if (text == "first of several") {
    Image first = constant_image(2, 2, 9, where);
    const Image second = constant_image(500, 1000, 3, where);
    return first;
  }
  if (text == "shrink") {
    Image image = constant_image(500, 1000, 5, where);
    for (int descriptor = 3; descriptor < 16; ++descriptor) {
      if (::ftruncate(descriptor, 0) == 0) std::abort();
    }
    return image;
  }
  if (text.starts_with("large")) {
    return constant_image(8'000, 10'000, static_cast<std::uint8_t>(text.size()), where);
  }
  if (text == "refuse") throw Error(ErrorKind::kBadFile, where, "is bad", "mend it");
  if (text == "throw") throw std::runtime_error("what a library\nthrows");
  if (text == "forbidden") {
    const std::vector<float> errors = forbidden_things();
    return image_of<float>(1, static_cast<std::int64_t>(errors.size()), 1, errors);
  }
  Image image = seeded_image<std::uint16_t>(static_cast<std::uint64_t>(text.size()), 3, 5, 2);
  image.facts = {{"text", std::string(text)}, {"empty", ""}};
  image.orientation = 6;
  image.source = std::string(where);
  return image;
}

class DecoderPoolTest : public testing::Test {
 protected:
  std::filesystem::path file(const std::string& text) {
    const auto path = folder_ / (std::to_string(count_++) + ".img");
    write_text(path, text);
    return path;
  }
  // What decode() says of a file with that text, after its path.
  std::string refused(DecoderPool& pool, const std::string& text) {
    const auto path = file(text);
    const std::string message = refusal(ErrorKind::kBadFile, [&] { return pool.decode(path); });
    const std::string prefix = path.string() + ": ";
    EXPECT_TRUE(message.starts_with(prefix)) << message;
    return message.substr(std::min(prefix.size(), message.size()));
  }
  void expect_works(DecoderPool& pool) {
    const auto path = file("fine");
    EXPECT_EQ(samples_of<std::uint16_t>(pool.decode(path)),
              samples_of<std::uint16_t>(seeded_image<std::uint16_t>(4, 3, 5, 2)));
  }

  TemporaryFolder folder_;
  int count_ = 0;
};

const std::string kRemedy = "; it is damaged, or one that the decoding library cannot read";

TEST_F(DecoderPoolTest, HandsOverWhatIsKnownOfAnImage) {
  DecoderPool pool(1, act);
  const auto path = file("fine");
  const Image image = pool.decode(path);
  EXPECT_EQ(samples_of<std::uint16_t>(image),
            samples_of<std::uint16_t>(seeded_image<std::uint16_t>(4, 3, 5, 2)));
  EXPECT_EQ(image.height, 3);
  EXPECT_EQ(image.width, 5);
  EXPECT_EQ(image.channels, 2);
  EXPECT_EQ(image.orientation, 6);
  EXPECT_EQ(image.source, path.string());
  EXPECT_EQ(image.facts, (ImageFacts{{"text", "fine"}, {"empty", ""}}));
  EXPECT_EQ(pool.decode(file("")).facts[0].second, "");
  EXPECT_EQ(pool.replaced(), 0U);
}

TEST_F(DecoderPoolTest, HandsOverTheImageThatADecoderReturnsOfSeveral) {
  DecoderPool pool(1, act);
  EXPECT_EQ(samples_of<std::uint8_t>(pool.decode(file("several"))),
            std::vector<std::uint8_t>(500'000, 7));
  EXPECT_EQ(samples_of<std::uint8_t>(pool.decode(file("first of several"))),
            std::vector<std::uint8_t>(4, 9));
}

// What becomes of the decoder and its memory afterwards changes no image.
TEST_F(DecoderPoolTest, GivesImagesThatStayAsTheyAre) {
  std::vector<Image> images;
  {
    DecoderPool pool(1, act);
    images.push_back(pool.decode(file("first of several")));
    images.push_back(pool.decode(file("several")));
    refused(pool, "abort");
    images.push_back(pool.decode(file("first of several")));
    Image image = pool.decode(file("first of several"));
    image.values<std::uint8_t>()[0] = 1;  // an image is its owner's
    images.push_back(std::move(image));
    pool.decode(file("several"));
  }
  EXPECT_EQ(samples_of<std::uint8_t>(images[0]), std::vector<std::uint8_t>(4, 9));
  EXPECT_EQ(samples_of<std::uint8_t>(images[1]), std::vector<std::uint8_t>(500'000, 7));
  EXPECT_EQ(samples_of<std::uint8_t>(images[2]), std::vector<std::uint8_t>(4, 9));
  EXPECT_EQ(samples_of<std::uint8_t>(images[3]), (std::vector<std::uint8_t>{1, 9, 9, 9}));
}

TEST_F(DecoderPoolTest, HandsOverLargeImagesBetweenSmallOnes) {
  DecoderPool pool(1, act);
  for (const std::string text : {"large", "large 2"}) {
    expect_works(pool);
    const Image image = pool.decode(file(text));
    const auto values = image.values<std::uint8_t>();
    EXPECT_EQ(values.size(), 80'000'000U);
    EXPECT_TRUE(std::ranges::all_of(values, [&](auto value) { return value == text.size(); }));
  }
  expect_works(pool);
  EXPECT_EQ(pool.replaced(), 0U);
}

// The parent reads mapped memory: were it to vanish, it would die of SIGBUS.
TEST_F(DecoderPoolTest, KeepsADecoderFromShrinkingTheMemoryOfTheSamples) {
  DecoderPool pool(1, act);
  EXPECT_EQ(samples_of<std::uint8_t>(pool.decode(file("shrink"))),
            std::vector<std::uint8_t>(500'000, 5));
  EXPECT_EQ(pool.replaced(), 0U);
}

TEST_F(DecoderPoolTest, PassesOnWhatADecoderRefuses) {
  DecoderPool pool(1, act);
  EXPECT_EQ(refused(pool, "refuse"), "is bad; mend it");
  EXPECT_EQ(refused(pool, "throw"), "cannot be decoded: what a library\\x0athrows");
  EXPECT_EQ(refused(pool, "complain"), "is damaged: its decoder complains: premature end");
  expect_works(pool);
  EXPECT_EQ(pool.replaced(), 0U);
  EXPECT_EQ(refusal(ErrorKind::kIo, [&] { return pool.decode(folder_ / "none"); }),
            (folder_ / "none").string() + ": cannot open (No such file or directory)");
}

TEST_F(DecoderPoolTest, ReplacesADecoderThatDies) {
  DecoderPool pool(2, act);
  EXPECT_EQ(refused(pool, "abort"), "makes its decoder end with signal 6 (Aborted)" + kRemedy);
  expect_works(pool);
  EXPECT_EQ(refused(pool, "assert"),
            "makes its decoder end with signal 6 (Aborted), saying \"codec.cc:12: Assertion `x' "
            "failed\"" +
                kRemedy);
  EXPECT_EQ(refused(pool, "kill"), "makes its decoder end with signal 9 (Killed)" + kRemedy);
  expect_works(pool);
  EXPECT_EQ(pool.replaced(), 3U);
}

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kAddressSanitizer = true;  // reports a crash, and has no limit of memory
#else
constexpr bool kAddressSanitizer = false;
#endif

TEST_F(DecoderPoolTest, SurvivesADecoderThatCrashesOrEatsMemory) {
  if (kAddressSanitizer) GTEST_SKIP() << "not with AddressSanitizer";
  DecoderPool pool(1, act, {.memory_mib = 256});
  EXPECT_EQ(refused(pool, "crash"),
            "makes its decoder end with signal 11 (Segmentation fault)" + kRemedy);
  EXPECT_EQ(refused(pool, "eat"),
            "needs more memory than the 256 MiB that decoding an image may take");
  expect_works(pool);
}

TEST_F(DecoderPoolTest, StopsADecoderThatTakesTooLong) {
  DecoderPool sleeper(1, act, {.wall_seconds = 1});
  EXPECT_EQ(refused(sleeper, "sleep"), "was not decoded within 1 s" + kRemedy);
  expect_works(sleeper);
  EXPECT_EQ(sleeper.replaced(), 1U);
}

TEST_F(DecoderPoolTest, StopsADecoderThatComputesTooLong) {
  // Whole seconds are counted, of the user and of the system: the limit is 0 + 2.
  DecoderPool spinner(1, act, {.cpu_seconds = 0});
  EXPECT_EQ(refused(spinner, "spin"), "takes more than 0 s of processor time" + kRemedy);
  expect_works(spinner);
}

TEST_F(DecoderPoolTest, StopsADecoderThatWritesTooMuch) {
  DecoderPool pool(1, act, {.output_mib = 1});
  EXPECT_EQ(refused(pool, "fill"),
            "makes its decoder end with signal 25 (File size limit exceeded)" + kRemedy);
  expect_works(pool);
}

TEST_F(DecoderPoolTest, OpensNoFilesAndNoSocketsInADecoder) {
  DecoderPool pool(1, act);
  const std::vector<float> errors = samples_of<float>(pool.decode(file("forbidden")));
  ASSERT_EQ(errors.size(), 7U);
  for (const float error : errors) EXPECT_EQ(error, EPERM);
  EXPECT_FALSE(std::filesystem::exists("/tmp/apatite-decoder-was-here"));
}

TEST_F(DecoderPoolTest, ServesManyThreadsWhileSomeDecodersDie) {
  DecoderPool pool(3, act);
  std::array<int, 6> right{};
  {
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < right.size(); ++t) {
      const auto fine = file(std::string(t + 1, 'f'));
      const auto fatal = file("abort");
      threads.emplace_back([&, t, fine, fatal] {
        for (int i = 0; i < 20; ++i) {
          if (i % 5 == 4) {
            try {
              pool.decode(fatal);
            } catch (const Error&) {
              ++right[t];
            }
            continue;
          }
          const Image image = pool.decode(fine);
          if (image.facts[0].second == std::string(t + 1, 'f')) ++right[t];
        }
      });
    }
  }
  for (const int count : right) EXPECT_EQ(count, 20);
  EXPECT_EQ(pool.replaced(), 24U);
}

TEST_F(DecoderPoolTest, LeavesNoProcessesAndNoDescriptorsBehind) {
  const auto descriptors = [] {
    std::size_t count = 0;
    for (int i = 0; i < 256; ++i) count += ::fcntl(i, F_GETFD) >= 0 ? 1 : 0;
    return count;
  };
  const std::size_t before = descriptors();
  {
    DecoderPool pool(2, act);
    expect_works(pool);
    refused(pool, "abort");
    refused(pool, "refuse");
  }
  EXPECT_EQ(descriptors(), before);
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1);  // no child is left
  EXPECT_EQ(errno, ECHILD);
}

}  // namespace
}  // namespace apatite::image
