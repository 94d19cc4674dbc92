#pragma once

#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "domain/prediction_reader.hpp"
#include "domain/problem.hpp"
#include "domain/time.hpp"
#include "gateway/answer.hpp"
#include "gateway/job_thread.hpp"
#include "gateway/loop_gate.hpp"
#include "gateway/page.hpp"
#include "http/worker_pool.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"

namespace nearline::gateway {

/// Asks the archive, which blocks, on threads of its own, so many questions at a time, and waits for each no
/// longer than it may. Knows whether the archive answers: asks it once a second. On the loop's thread, but
/// start() and stop().
class ArchiveReads {
public:
    struct Options {
        std::string name = "archive";                     ///< in /readyz
        std::chrono::milliseconds patience{5'000};        ///< of who reads
        std::chrono::milliseconds repeat_patience{250};   ///< of who goes on without it
        std::chrono::milliseconds probe_interval{1'000};  ///< between two looks whether it answers
        std::size_t threads = 4;
        std::size_t most_waiting = 64;  ///< questions beyond what the threads work on; more is 503
    };
    /// `reader`: null where there is no archive. It must outlive this.
    ArchiveReads(PredictionReader* reader, http::EventLoop& loop, LoopGate gate, Metrics& metrics, Health& health,
                 Options options);
    /// As stop().
    ~ArchiveReads();

    void start();
    /// Waits for the questions that the archive is at, and answers no others. Nobody may ask any more. The gate
    /// has to be closed before.
    void stop();

    bool is_there() const noexcept { return reader_ != nullptr; }

    // Both only where there is one. A 503 with Retry-After while it can't say.

    /// Null: the archive has nothing with this id.
    boost::asio::awaitable<Result<AnswerPtr>> find(Uuid id);
    boost::asio::awaitable<Result<Page>> list(Uuid user, PageQuery query);

    /// For what must go on without the archive: null, too, where there is none or it does not say at once. While
    /// it is known to be away, it is not asked.
    boost::asio::awaitable<AnswerPtr> find_at_once(Uuid id);

private:
    template <class Value>
    struct Question;
    enum class Outcome { told, away, slow, full, left, skipped };

    template <class Value>
    std::shared_ptr<Question<Value>> ask(std::function<Value(PredictionReader&)> work);
    template <class Value>
    boost::asio::awaitable<Outcome> outcome_of(std::shared_ptr<Question<Value>> question,
                                               std::chrono::milliseconds patience);
    void look();
    void heard(const std::string& why);
    void count(const std::string& call, Outcome outcome);
    Problem refusal(Outcome outcome);

    PredictionReader* reader_;
    http::EventLoop& loop_;
    LoopGate gate_;
    Metrics& metrics_;
    Health& health_;
    const Options options_;
    Histogram seconds_;
    std::map<std::pair<std::string, Outcome>, Counter> counters_{};

    // The loop's thread.
    std::optional<std::string> down_{};  // why; empty: it is up; nothing: it has not been heard of
    SteadyTime slow_until_{};

    std::atomic<bool> stopping_{false};
    JobThread watch_{"gw-archive"};
    std::optional<http::WorkerPool> pool_{};
};

}  // namespace nearline::gateway
