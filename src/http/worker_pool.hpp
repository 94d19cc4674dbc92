#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "http/offload.hpp"
#include "runtime/metrics.hpp"

namespace nearline::http {

/// Threads for work that blocks, with a bound on what may be under way. Thread-safe. Joined before the
/// loops are destroyed whose coroutines wait for it.
class WorkerPool {
public:
    /// `depth` shows how many jobs run or wait.
    WorkerPool(std::size_t threads, std::size_t most_waiting, Gauge depth)
        : pool_(threads), most_(threads + most_waiting), depth_(depth) {}

    /// What the work gives, or throws; nothing, at once, when the pool is full.
    template <class Work>
    boost::asio::awaitable<std::optional<std::invoke_result_t<Work&>>> try_run(Work work) {
        const Place place(*this);
        if (!place) co_return std::nullopt;
        auto task = offload(pool_, std::move(work));
        co_return co_await std::move(task);
    }

    /// Runs the work, whose result nobody waits for here; false, at once, when the pool is full. What the work
    /// uses must outlive join(), and what it throws ends the process. For who does not wait to the end: it
    /// learns of the result, if it still wants it, from what the work posts to its loop.
    template <class Work>
    bool try_post(Work work) {
        auto place = std::make_unique<const Place>(*this);
        if (!*place) return false;
        boost::asio::post(pool_, [place = std::move(place), work = std::move(work)]() mutable { work(); });
        return true;
    }

    /// Ends what is under way and the threads.
    void join() { pool_.join(); }

private:
    // One of the jobs that may be under way, if there is room.
    class Place {
    public:
        explicit Place(WorkerPool& pool) : pool_(pool), taken_(pool.under_way_.fetch_add(1) < pool.most_) {
            if (taken_)
                pool_.depth_.add(1);
            else
                pool_.under_way_.fetch_sub(1);
        }
        ~Place() {
            if (!taken_) return;
            pool_.depth_.add(-1);
            pool_.under_way_.fetch_sub(1);
        }
        Place(const Place&) = delete;
        Place& operator=(const Place&) = delete;
        explicit operator bool() const noexcept { return taken_; }

    private:
        WorkerPool& pool_;
        bool taken_;
    };

    boost::asio::thread_pool pool_;
    const std::size_t most_;
    std::atomic<std::size_t> under_way_ = 0;
    Gauge depth_;
};

}  // namespace nearline::http
