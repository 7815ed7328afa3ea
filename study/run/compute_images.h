// The loop of a run over a list of images, the same for every task.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <thread>
#include <utility>
#include <vector>

#include "base/error.h"
#include "study/run/image_run.h"
#include "study/run/image_task.h"
#include "study/run/ordered_loader.h"

namespace apatite::study {

// Calls work(0) .. work(count - 1) on up to `threads` threads, on this one alone if that is 1.
// Throws what the first of them threw.
template <class Work>
void for_all(std::size_t count, std::size_t threads, const Work& work) {
  if (threads == 1) {
    for (std::size_t i = 0; i < count; ++i) work(i);
    return;
  }
  std::atomic<std::size_t> next = 0;
  std::vector<std::exception_ptr> errors(count);
  {
    std::vector<std::jthread> team;
    for (std::size_t i = 0; i < std::min(threads, count); ++i) {
      team.emplace_back([&] {
        for (std::size_t at = next++; at < count; at = next++) {
          try {
            work(at);
          } catch (...) {
            errors[at] = std::current_exception();
          }
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

// Does the images that `run` has not done yet. The workers load images ahead; they are computed in
// groups of up to `batch` images that follow each other in the manifest and have one size. One
// image that cannot be read costs no other. Each finished group goes to the journal, and then
// `progress` is called on the caller's thread.
template <class Loaded, class Result>
class ImageLoop {
 public:
  ImageLoop(ImageRun& run, ImageTask<Loaded, Result>& task, std::size_t batch,
            const ShowProgress& progress)
      : run_(run), task_(task), batch_(batch), progress_(progress) {}

  // Throws Error: the first unreadable image's if the run is strict, after what comes before it is
  // in the journal; kNumeric, with the image, where a number is not finite.
  void compute() {
    const std::size_t total = run_.manifest().entries.size();
    const std::size_t first = run_.done();
    OrderedLoader<Item> loader(first, total, run_.workers(), batch_ + run_.workers(),
                               [this](std::size_t index) { return load(index); });
    std::vector<Item> group;
    report();
    for (std::size_t index = first; index < total; ++index) {
      Item item = loader.next();
      if (!fits(group, item)) finish(group);
      group.push_back(std::move(item));
      if (group.size() == batch_ || index + 1 == total) finish(group);
    }
  }

 private:
  // One image on its way: loaded, then with a result; or an error.
  struct Item {
    std::size_t index = 0;  // in the manifest
    std::optional<Loaded> loaded;
    std::optional<Result> result;
    std::optional<Error> error;
  };

  Item load(std::size_t index) {
    Item item;
    item.index = index;
    try {
      item.loaded = task_.load(run_.image(index));
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::kInternal) throw;
      item.error = error;
    }
    return item;
  }

  bool fits(const std::vector<Item>& group, const Item& item) const {
    return std::all_of(group.begin(), group.end(), [&](const Item& other) {
      return item.error || other.error || task_.same_size(*item.loaded, *other.loaded);
    });
  }

  void finish(std::vector<Item>& group) {
    std::optional<Error> stop = cut_if_strict(group);
    compute_group(group);
    if (std::optional<Error> earlier = cut_if_strict(group)) stop = std::move(earlier);
    record(group);
    group.clear();
    report();
    if (stop) throw Error(*stop);
  }

  // If the run is strict: the first error of a group. It and what follows it leave the group.
  std::optional<Error> cut_if_strict(std::vector<Item>& group) const {
    if (!run_.options().strict) return std::nullopt;
    const auto first = std::find_if(group.begin(), group.end(),
                                    [](const Item& item) { return item.error.has_value(); });
    if (first == group.end()) return std::nullopt;
    std::optional<Error> error = std::move(first->error);
    group.erase(first, group.end());
    return error;
  }

  void compute_group(std::vector<Item>& group) {
    std::vector<Item*> ready;
    for (Item& item : group) {
      if (!item.error) ready.push_back(&item);
    }
    if (ready.empty()) return;
    try {
      task_.prepare(*ready[0]->loaded);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kUsage) throw;
      for (Item* item : ready) {
        item->error =
            Error(ErrorKind::kBadFile, run_.image(item->index).path.string(), error.what());
      }
      return;
    }
    std::vector<Result> results = run_group(ready);
    for (std::size_t i = 0; i < ready.size(); ++i) ready[i]->result = std::move(results[i]);
  }

  // Where a number is not finite, finds out in which image: alone, it fails again.
  std::vector<Result> run_group(const std::vector<Item*>& items) {
    std::vector<const Loaded*> images;
    for (const Item* item : items) images.push_back(&*item->loaded);
    if (images.size() > 1) {
      try {
        return task_.compute(images);
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kNumeric) throw;
      }
    }
    std::vector<Result> results;
    for (std::size_t i = 0; i < images.size(); ++i) {
      try {
        results.push_back(std::move(task_.compute(std::span(images).subspan(i, 1))[0]));
      } catch (const Error& error) {
        if (error.kind() != ErrorKind::kNumeric) throw;
        throw Error(error.kind(), run_.image(items[i]->index).path.string(), error.what());
      }
    }
    return results;
  }

  // Files first, then the journal: what is in the journal is on the disk.
  void record(std::vector<Item>& group) {
    std::vector<JournalEntry> entries(group.size());
    for_all(group.size(), task_.record_threads(), [&](std::size_t i) {
      Item& item = group[i];
      const ListedImage image = run_.image(item.index);
      entries[i] = item.error ? ImageRun::unreadable(image, *item.error)
                              : JournalEntry{true, task_.record(image, *item.loaded, *item.result)};
    });
    run_.append(entries);
  }

  void report() const {
    if (!progress_) return;
    progress_({static_cast<std::int64_t>(run_.done()),
               static_cast<std::int64_t>(run_.manifest().entries.size())});
  }

  ImageRun& run_;
  ImageTask<Loaded, Result>& task_;
  std::size_t batch_;
  const ShowProgress& progress_;
};

template <class Loaded, class Result>
void compute_images(ImageRun& run, ImageTask<Loaded, Result>& task, std::size_t batch,
                    const ShowProgress& progress) {
  ImageLoop<Loaded, Result>(run, task, batch, progress).compute();
}

}  // namespace apatite::study
