#include "gateway/archive_reads.hpp"

#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <tuple>

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;

constexpr auto with_error = asio::as_tuple(asio::use_awaitable);
// So long a POST does not wait again after it waited in vain: a slow archive costs one of them its patience,
// not all.
constexpr auto slow_pause = 1'000ms;

AnswerPtr to_answer(const std::optional<ArchivedPrediction>& archived) {
    if (!archived) return nullptr;
    Answer answer;
    answer.id = archived->id;
    answer.user = archived->user;
    answer.body_digest = archived->body_digest;
    answer.status = archived->prediction.status;
    answer.message = archived->prediction.message;
    answer.json = to_json(archived->prediction);
    return std::make_shared<const Answer>(std::move(answer));
}

}  // namespace

/// Between who asks, on the loop's thread, and the pool's thread that has the archive's answer.
template <class Value>
struct ArchiveReads::Question {
    explicit Question(http::EventLoop& loop) : timer(loop.context()) {}

    // The loop's thread.
    asio::steady_timer timer;  // ends the wait
    bool taken = true;         // the pool had room
    bool ended = false;        // and has told
    std::optional<Value> value{};
    std::string why{};  // there is no value

    std::atomic<bool> left{false};  // nobody waits any more
};

ArchiveReads::ArchiveReads(PredictionReader* reader, http::EventLoop& loop, LoopGate gate, Metrics& metrics,
                           Health& health, Options options)
    : reader_(reader),
      loop_(loop),
      gate_(std::move(gate)),
      metrics_(metrics),
      health_(health),
      options_(std::move(options)),
      seconds_(metrics.histogram("nearline_gateway_archive_seconds", "What the archive took for one question")) {
    const auto under_way = metrics.gauge("nearline_gateway_archive_jobs", "Questions to the archive under way");
    if (reader_) pool_.emplace(options_.threads, options_.most_waiting, under_way);
}

ArchiveReads::~ArchiveReads() {
    stop();
}

void ArchiveReads::start() {
    if (!reader_) return;
    watch_.start();
    watch_.post([this] { look(); });
}

void ArchiveReads::stop() {
    stopping_ = true;
    watch_.stop();
    if (pool_) pool_->join();
}

/// Whether it answers, though nobody may have asked it for long: the nil id is nobody's.
void ArchiveReads::look() {
    std::string why;
    try {
        reader_->find(Uuid());
    } catch (const std::exception& error) {
        why = error.what();
    }
    gate_.post([this, why] { heard(why); });
    watch_.post_after(options_.probe_interval, [this] { look(); });
}

/// Of the archive: that it answers (empty), or why not.
void ArchiveReads::heard(const std::string& why) {
    if (down_ == why) return;
    down_ = why;
    if (why.empty()) {
        health_.up(options_.name);
    } else {
        health_.down(options_.name, why);
    }
}

template <class Value>
std::shared_ptr<ArchiveReads::Question<Value>> ArchiveReads::ask(std::function<Value(PredictionReader&)> work) {
    auto question = std::make_shared<Question<Value>>(loop_);
    auto job = [this, question, work = std::move(work)]() mutable {
        std::optional<Value> value;
        std::string why = "nobody waits for it any more";
        if (!stopping_ && !question->left) {
            const auto began = std::chrono::steady_clock::now();
            try {
                value.emplace(work(*reader_));
                why.clear();
            } catch (const std::exception& error) {
                why = error.what();
            }
            seconds_.observe(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
        }
        // Also when nobody waits: the timer is the loop's, and so is its end.
        asio::post(loop_.executor(),
                   [question = std::move(question), value = std::move(value), why = std::move(why)]() mutable {
                       question->ended = true;
                       question->value = std::move(value);
                       question->why = std::move(why);
                       question->timer.cancel();
                   });
    };
    question->taken = pool_->try_post(std::move(job));
    return question;
}

template <class Value>
asio::awaitable<ArchiveReads::Outcome> ArchiveReads::outcome_of(std::shared_ptr<Question<Value>> question,
                                                                std::chrono::milliseconds patience) {
    if (!question->taken) co_return Outcome::full;
    question->timer.expires_after(patience);
    const auto [error] = co_await question->timer.async_wait(with_error);
    question->left = true;
    if (!question->ended) co_return error ? Outcome::left : Outcome::slow;
    heard(question->why);
    co_return question->value ? Outcome::told : Outcome::away;
}

asio::awaitable<Result<AnswerPtr>> ArchiveReads::find(Uuid id) {
    const auto question = ask<AnswerPtr>([id](PredictionReader& reader) { return to_answer(reader.find(id)); });
    const auto outcome = co_await outcome_of(question, options_.patience);
    count("find", outcome);
    if (outcome != Outcome::told) co_return refusal(outcome);
    co_return *question->value;
}

asio::awaitable<Result<Page>> ArchiveReads::list(Uuid user, PageQuery query) {
    const auto question = ask<Page>([user, query](PredictionReader& reader) {
        return make_page(reader.list(user, query.limit + 1, query.after), query.limit);
    });
    const auto outcome = co_await outcome_of(question, options_.patience);
    count("list", outcome);
    if (outcome != Outcome::told) co_return refusal(outcome);
    co_return std::move(*question->value);
}

asio::awaitable<AnswerPtr> ArchiveReads::find_at_once(Uuid id) {
    if (!reader_) co_return nullptr;
    if ((down_ && !down_->empty()) || std::chrono::steady_clock::now() < slow_until_) {
        count("repeat", Outcome::skipped);
        co_return nullptr;
    }
    const auto question = ask<AnswerPtr>([id](PredictionReader& reader) { return to_answer(reader.find(id)); });
    const auto outcome = co_await outcome_of(question, options_.repeat_patience);
    count("repeat", outcome);
    if (outcome == Outcome::slow || outcome == Outcome::full) {
        slow_until_ = std::chrono::steady_clock::now() + slow_pause;
    }
    co_return outcome == Outcome::told ? *question->value : nullptr;
}

void ArchiveReads::count(const std::string& call, Outcome outcome) {
    static constexpr std::array<const char*, 6> names{"told", "away", "slow", "full", "left", "skipped"};
    auto counter = counters_.find({call, outcome});
    if (counter == counters_.end()) {
        const Labels labels{{"call", call}, {"outcome", names[static_cast<std::size_t>(outcome)]}};
        const auto made = metrics_.counter("nearline_gateway_archive_reads_total",
                                           "Questions to the archive by call (find, list; repeat: what first "
                                           "answered an Idempotency-Key) and outcome",
                                           labels);
        counter = counters_.emplace(std::pair(call, outcome), made).first;
    }
    counter->second.add();
}

/// What who reads is told.
Problem ArchiveReads::refusal(Outcome outcome) {
    if (outcome == Outcome::slow) heard("it took longer than " + std::to_string(options_.patience.count()) + " ms");
    const std::string why = outcome == Outcome::full   ? "too many ask for predictions at once"
                            : outcome == Outcome::slow ? "the archive takes too long to answer"
                                                       : "the archive does not answer now";
    Problem problem{503, "Service Unavailable",
                    "Predictions can't be read back: " + why + ". Ask again later; POST /predict goes on meanwhile."};
    problem.retry_after = 1s;
    return problem;
}

}  // namespace nearline::gateway
