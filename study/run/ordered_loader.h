// Several threads make items ahead of their one consumer, who gets them in order.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

namespace apatite::study {

// Calls load(i) for i = first, first + 1, ..., last - 1 on `workers` threads. They are at most
// `ahead` items before the one that next() waits for, so that memory is bounded. next() returns the
// items in the order of i, whichever is finished first. Where load(i) threw an exception, next()
// throws it when the turn of item i comes.
template <class Item>
class OrderedLoader {
 public:
  using Load = std::function<Item(std::size_t)>;

  OrderedLoader(std::size_t first, std::size_t last, std::size_t workers, std::size_t ahead,
                Load load)
      : load_(std::move(load)), slots_(ahead), claimed_(first), wanted_(first), last_(last) {
    for (std::size_t i = 0; i < workers; ++i) {
      threads_.emplace_back([this](const std::stop_token& stop) { work(stop); });
    }
  }
  ~OrderedLoader() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
  }
  OrderedLoader(const OrderedLoader&) = delete;
  OrderedLoader& operator=(const OrderedLoader&) = delete;

  // May be called at most last - first times.
  Item next() {
    std::unique_lock lock(mutex_);
    Slot& slot = slots_[wanted_ % slots_.size()];
    changed_.wait(lock, [&] { return slot.full(); });
    Slot taken = std::exchange(slot, {});
    ++wanted_;
    lock.unlock();
    changed_.notify_all();
    if (taken.error) std::rethrow_exception(taken.error);
    return std::move(*taken.item);
  }

 private:
  struct Slot {
    std::optional<Item> item;
    std::exception_ptr error;
    [[nodiscard]] bool full() const { return item.has_value() || error != nullptr; }
  };

  void work(const std::stop_token& stop) {
    for (;;) {
      std::unique_lock lock(mutex_);
      const auto may_claim = [&] {
        return claimed_ >= last_ || claimed_ < wanted_ + slots_.size();
      };
      if (!changed_.wait(lock, stop, may_claim) || claimed_ >= last_) return;
      const std::size_t mine = claimed_++;
      lock.unlock();
      Slot made = make(mine);
      lock.lock();
      slots_[mine % slots_.size()] = std::move(made);
      lock.unlock();
      changed_.notify_all();
    }
  }

  Slot make(std::size_t index) {
    Slot slot;
    try {
      slot.item.emplace(load_(index));
    } catch (...) {
      slot.error = std::current_exception();
    }
    return slot;
  }

  Load load_;
  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Slot> slots_;  // item i lies in slot i % ahead
  std::size_t claimed_;      // the next item that a worker starts
  std::size_t wanted_;       // the next item that next() returns
  std::size_t last_;
  std::vector<std::jthread> threads_;  // the last member, so that they end before the others go
};

}  // namespace apatite::study
