#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <unordered_map>
#include <vector>

#include "gateway/answer_keep.hpp"
#include "gateway/delivery_box.hpp"
#include "gateway/pending.hpp"
#include "gateway/reply_reader.hpp"
#include "runtime/metrics.hpp"

namespace nearline::gateway {

/// The shell around PendingAnswers: wakes the coroutines that wait, with one timer for all of them. All on
/// the loop's thread, but what on_delivery() gives.
class Callers {
public:
    Callers(http::EventLoop& loop, const LoopGate& gate, ReplyReader& replies, AnswerKeep& keep, Metrics& metrics,
            PendingAnswers::Options options);

    /// As PendingAnswers::admit, on a partition that is being read. Where somebody waits, outcome() has to
    /// be awaited.
    PendingAnswers::Admitted admit(const PendingAnswers::Question& question, const Patience& patience);
    /// Whose reports they are from now on, to be told when somebody waits for them. Must outlive stop().
    void await_reports_of(stream::Producer& producer);
    /// For the producer, of what admit() let be produced; any thread.
    stream::OnDelivery on_delivery(const Uuid& id, std::uint64_t attempt);
    boost::asio::awaitable<Ending> outcome(CallerId caller);

    /// Answers were read.
    void answered(const std::vector<AnswerPtr>& answers);
    std::optional<PendingAnswers::Known> find(const Uuid& id);
    /// Records stored so far; any thread.
    std::uint64_t stored() const noexcept { return box_->stored(); }

    void cut(SteadyTime deadline);
    /// Ends every wait, and takes no more reports.
    void stop();

private:
    using Handler = boost::asio::any_completion_handler<void(Ending)>;
    struct Caller {
        std::optional<Handler> handler{};
        std::optional<Ending> ending{};  // came before the handler
        bool gone = false;               // its connection broke: nobody wants the ending
    };

    void take_reports();
    void settle();
    void show_urgency();
    void end(Ending ending);
    void cancel(CallerId caller);
    void arm();
    void show();

    http::EventLoop& loop_;
    ReplyReader& replies_;
    AnswerKeep& keep_;
    PendingAnswers pending_;
    std::shared_ptr<DeliveryBox> box_;
    stream::Producer* producer_ = nullptr;
    bool promptly_ = false;
    std::unordered_map<CallerId, Caller> callers_;
    boost::asio::steady_timer timer_;
    std::optional<SteadyTime> armed_;
    bool stopped_ = false;

    Gauge pending_gauge_;
    Gauge late_gauge_;
    Gauge kept_gauge_;
    Counter mine_;
    Counter others_;
};

}  // namespace nearline::gateway
