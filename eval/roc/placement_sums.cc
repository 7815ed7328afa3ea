#include "eval/roc/placement_sums.h"

#include <omp.h>

#include <hwy/contrib/sort/vqsort.h>
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "base/huge_pages.h"
#include "eval/roc/auc.h"
#include "eval/statistics/sorting.h"

namespace apatite::eval {
namespace {

// A row in its bucket: the distance of its key from the least key, without the first bit, followed
// by the label. All rows of a bucket have the same first bit.
using Entry = std::uint64_t;

bool is_equal(Entry a, Entry b) { return a >> 1U == b >> 1U; }

// About this many rows form a bucket, and at least this many a thread's share.
constexpr std::size_t kRowsPerBucket = 4096;
constexpr std::size_t kRowsPerThread = std::size_t{1} << 17U;
constexpr int kMostBinBits = 16;
constexpr std::size_t kSamples = std::size_t{1} << 17U;

// The keys of some rows, and whether all are fit to be counted.
struct Range {
  std::uint64_t least = ~std::uint64_t{0};
  std::uint64_t most = 0;
  bool valid = true;

  void add(const Range& other) {
    least = std::min(least, other.least);
    most = std::max(most, other.most);
    valid = valid && other.valid;
  }
};

Range range_of(std::span<const std::uint8_t> labels, std::span<const double> scores) {
  Range range;
  unsigned invalid = 0;  // bits and no branches, so that it is vectorised
  for (std::size_t row = 0; row < scores.size(); ++row) {
    const std::uint64_t key = ordered_key(scores[row]);
    range.least = std::min(range.least, key);
    range.most = std::max(range.most, key);
    invalid |= unsigned{labels[row] > 1} | unsigned{scores[row] != scores[row]};
  }
  range.valid = invalid == 0;
  return range;
}

// Memory for `count` entries that are written in random order; in huge pages where the system has
// them.
struct Free {
  void operator()(Entry* entries) const { std::free(entries); }
};
std::unique_ptr<Entry[], Free> room_for(std::size_t count) {
  constexpr std::size_t kPage = std::size_t{1} << 21U;
  const std::size_t alignment = count * sizeof(Entry) < kPage ? alignof(std::max_align_t) : kPage;
  const std::size_t bytes = (count * sizeof(Entry) + alignment - 1) / alignment * alignment;
  std::unique_ptr<Entry[], Free> room(static_cast<Entry*>(std::aligned_alloc(alignment, bytes)));
  if (!room) throw std::bad_alloc();
  advise_huge_pages(room.get(), bytes);
  return room;
}

// Assigns scores to buckets of about equal size: the first bits of a key give its bin, and
// neighbouring bins form a bucket according to the rows of a sample that they hold.
class Buckets {
 public:
  Buckets(const Range& range, std::span<const double> scores) : least_(range.least) {
    const int bits =
        std::clamp(static_cast<int>(std::bit_width(scores.size())) - 4, 1, kMostBinBits);
    shift_ = std::max(0, static_cast<int>(std::bit_width(range.most - range.least)) - bits);
    const std::size_t bins = std::size_t{1} << static_cast<unsigned>(bits);
    std::vector<std::uint32_t> sampled(bins);
    const std::size_t step = scores.size() / kSamples + 1;
    for (std::size_t row = 0; row < scores.size(); row += step) {
      ++sampled[(ordered_key(scores[row]) - least_) >> static_cast<unsigned>(shift_)];
    }
    bucket_of_bin_.resize(bins);
    const std::size_t enough = kRowsPerBucket / step + 1;
    std::size_t held = 0;
    for (std::size_t bin = 0; bin < bins; ++bin) {
      // The halves of the range do not share a bucket.
      if (bin > 0 && (held + sampled[bin] > enough || bin == bins / 2)) {
        ++last_;
        held = 0;
      }
      bucket_of_bin_[bin] = last_;
      held += sampled[bin];
    }
  }

  [[nodiscard]] std::size_t count() const { return std::size_t{last_} + 1; }
  [[nodiscard]] std::size_t of(std::uint64_t distance) const {
    return bucket_of_bin_[distance >> static_cast<unsigned>(shift_)];
  }
  [[nodiscard]] std::uint64_t distance(double score) const { return ordered_key(score) - least_; }

 private:
  std::uint64_t least_;
  int shift_ = 0;
  std::vector<std::uint16_t> bucket_of_bin_;
  std::uint16_t last_ = 0;
};

// Adds the sorted rows of a bucket, with `j` negatives below them and `i` positives in and after
// them.
void add_sorted(std::span<const Entry> rows, std::uint64_t j, std::uint64_t i,
                PlacementSums& sums) {
  for (std::size_t row = 0; row < rows.size();) {
    if (row + 1 < rows.size() && is_equal(rows[row], rows[row + 1])) {
      std::uint64_t positives = 0;
      const std::size_t begin = row;
      for (; row < rows.size() && is_equal(rows[begin], rows[row]); ++row) {
        positives += rows[row] & 1U;
      }
      const std::uint64_t negatives = row - begin - positives;
      const std::uint64_t won = 2 * j + negatives;
      const std::uint64_t lost_to = 2 * i - positives;
      sums.twice_wins += won * positives;
      sums.positive_squares += Uint128{won} * won * positives;
      sums.negative_squares += Uint128{lost_to} * lost_to * negatives;
      j += negatives;
      i -= positives;
      continue;
    }
    // Which class is next is as good as random: without a branch.
    const std::uint64_t positive = rows[row] & 1U;
    const std::uint64_t won = 2 * j & (0 - positive);
    const std::uint64_t lost_to = 2 * i & (positive - 1);
    sums.twice_wins += won;
    sums.positive_squares += Uint128{won} * won;
    sums.negative_squares += Uint128{lost_to} * lost_to;
    j += 1 - positive;
    i -= positive;
    ++row;
  }
}

// Numbers of rows of a bucket, or of all buckets before it.
struct Held {
  std::uint32_t rows = 0;
  std::uint32_t positives = 0;
};

// The rows of one study, divided among a team of threads. Where a row goes does not depend on the
// thread that moves it.
class Rows {
 public:
  Rows(std::span<const std::uint8_t> labels, std::span<const double> scores, int threads)
      : labels_(labels), scores_(scores) {
    const auto useful =
        static_cast<int>(std::min<std::size_t>(scores.size() / kRowsPerThread + 1, 64));
    team_ = std::min(threads > 0 ? threads : omp_get_max_threads(), useful);
  }

  PlacementSums sums() {
    const Range range = whole_range();
    if (!range.valid) check_labels_and_scores(labels_, scores_);  // says which row, and throws
    const Buckets buckets(range, scores_);
    count(buckets);
    move(buckets);
    return sum_buckets();
  }

 private:
  [[nodiscard]] std::size_t parts() const { return static_cast<std::size_t>(team_); }
  [[nodiscard]] std::size_t begin_of(std::size_t part) const {
    return std::min(scores_.size(), part * ((scores_.size() + parts() - 1) / parts()));
  }

  [[nodiscard]] Range whole_range() const {
    std::vector<Range> ranges(parts());
#pragma omp parallel for num_threads(team_) schedule(static, 1)
    for (std::size_t part = 0; part < parts(); ++part) {
      const std::size_t begin = begin_of(part);
      const std::size_t size = begin_of(part + 1) - begin;
      ranges[part] = range_of(labels_.subspan(begin, size), scores_.subspan(begin, size));
    }
    Range range;
    for (const Range& one : ranges) range.add(one);
    return range;
  }

  // Fills before_, and of places_ how many rows are to go before those of the part and bucket.
  void count(const Buckets& buckets) {
    std::vector<std::vector<Held>> held(parts());
#pragma omp parallel for num_threads(team_) schedule(static, 1)
    for (std::size_t part = 0; part < parts(); ++part) {
      std::vector<Held> counts(buckets.count());
      for (std::size_t row = begin_of(part); row < begin_of(part + 1); ++row) {
        Held& bucket = counts[buckets.of(buckets.distance(scores_[row]))];
        ++bucket.rows;
        bucket.positives += labels_[row];
      }
      held[part] = std::move(counts);
    }
    before_.assign(1, Held{});
    places_.assign(parts(), std::vector<std::uint32_t>(buckets.count()));
    Held at;
    for (std::size_t bucket = 0; bucket < buckets.count(); ++bucket) {
      for (std::size_t part = 0; part < parts(); ++part) {
        places_[part][bucket] = at.rows;
        at.rows += held[part][bucket].rows;
        at.positives += held[part][bucket].positives;
      }
      before_.push_back(at);
    }
  }

  void move(const Buckets& buckets) {
    entries_ = room_for(scores_.size());
#pragma omp parallel for num_threads(team_) schedule(static, 1)
    for (std::size_t part = 0; part < parts(); ++part) {
      std::uint32_t* const places = places_[part].data();
      Entry* const entries = entries_.get();
      const std::size_t end = begin_of(part + 1);
      for (std::size_t row = begin_of(part); row < end; ++row) {
        const std::uint64_t distance = buckets.distance(scores_[row]);
        entries[places[buckets.of(distance)]++] = distance << 1U | labels_[row];
      }
    }
  }

  [[nodiscard]] PlacementSums sum_buckets() {
    PlacementSums all{.positives = before_.back().positives};
#pragma omp parallel num_threads(team_)
    {
      const hwy::Sorter sorter;
      PlacementSums sums;
#pragma omp for schedule(dynamic, 8)
      for (std::size_t bucket = 0; bucket < before_.size() - 1; ++bucket) {
        const Held& before = before_[bucket];
        const std::span<Entry> rows(entries_.get() + before.rows,
                                    before_[bucket + 1].rows - before.rows);
        sorter(rows.data(), rows.size(), hwy::SortAscending());
        add_sorted(rows, before.rows - before.positives, all.positives - before.positives, sums);
      }
#pragma omp critical
      {
        all.twice_wins += sums.twice_wins;
        all.positive_squares += sums.positive_squares;
        all.negative_squares += sums.negative_squares;
      }
    }
    return all;
  }

  std::span<const std::uint8_t> labels_;
  std::span<const double> scores_;
  int team_ = 1;
  std::vector<Held> before_;  // per bucket, and of all rows
  std::vector<std::vector<std::uint32_t>> places_;
  std::unique_ptr<Entry[], Free> entries_;
};

}  // namespace

PlacementSums sum_placements(std::span<const std::uint8_t> labels, std::span<const double> scores,
                             int threads) {
  check_sizes(labels, scores);
  if (scores.empty()) return {};
  return Rows(labels, scores, threads).sums();
}

}  // namespace apatite::eval
