#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "domain/rejection.hpp"
#include "domain/time.hpp"
#include "stream/producer.hpp"
#include "stream/record.hpp"
#include "stream/request_context.hpp"

namespace nearline::prediction {

struct Job;

/// One record that has to be stored before a job has ended.
struct Outlet {
    enum class Kind { answer, dead_letter, deferral };
    enum class State {
        unused,  ///< the job does not need it
        sent,    ///< its delivery will be reported
        failed,  ///< not stored, or not certainly: has to be sent again
        stored,
    };
    /// A record that the topic finds too large is sent in a smaller form.
    enum class Form {
        whole,
        small,     ///< answer: without the key; dead letter: without the value
        smallest,  ///< dead letter: without value, key and headers
    };

    Job& job;
    const Kind kind;
    State state = State::unused;
    Form form = Form::whole;
    bool has_failed = false;  ///< at least once, and is not stored yet
};

/// A record of the input topic on its way to its end: its answer is stored, or its dead letter and, if somebody may
/// wait, a failure; or the record itself on the retry topic, where it waits. Decides; does no I/O. Belongs to the
/// worker's thread.
struct Job {
    Job(stream::Position place, stream::ConsumedRecord record, stream::RequestHeaders headers)
        : read_at(std::move(place)), source(std::move(record)), incoming(std::move(headers)) {}
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    /// What to do after a delivery was reported.
    enum class Step {
        none,      ///< other outlets are under way
        ended,     ///< all is stored
        again,     ///< send this outlet again, after a while
        smaller,   ///< send this outlet again, now: its form has changed
        too_large  ///< this outlet can't be stored: the job has to end otherwise
    };

    /// Its answer, framed, is about to be sent.
    void answer_with(std::string framed);
    /// It is rejected: a dead letter is about to be sent, and a failure (framed), if one is given.
    void reject(Rejection reason, std::optional<std::string> framed_failure);
    /// Nobody can say yet what it is: it is about to be sent to the retry topic.
    void defer();

    /// The record to send for an outlet, in its present form.
    stream::Record record_for(const Outlet& outlet) const;
    Step on_delivery(Outlet& outlet, const stream::Delivery& delivery);

    /// Whether a delivery is still to be reported: until then nothing may be freed.
    bool is_awaited() const noexcept;
    bool is_rejected() const noexcept { return rejection_.has_value(); }
    bool is_deferred() const noexcept { return deferral.state != Outlet::State::unused; }
    std::array<Outlet*, 3> outlets() noexcept { return {&deferral, &dead_letter, &answer}; }

    const stream::Position read_at;       ///< whose partition it comes and goes with, and behind which is committed
    const stream::ConsumedRecord source;  ///< in its first place, which is another one where it was deferred
    const stream::RequestHeaders incoming;
    Outlet answer{*this, Outlet::Kind::answer};
    Outlet dead_letter{*this, Outlet::Kind::dead_letter};
    Outlet deferral{*this, Outlet::Kind::deferral};
    bool abandoned = false;  ///< its partition is another member's now: its end counts no more
    SteadyTime taken{};      ///< when it was
    bool resolving = false;  ///< the schema that it names is being asked for

private:
    friend class JobPool;
    std::string answer_value_;
    std::optional<Rejection> rejection_;
    std::size_t slot_ = 0;
};

/// Owns the jobs that have not ended.
class JobPool {
public:
    Job& add(stream::Position read_at, stream::ConsumedRecord record, stream::RequestHeaders headers);
    void remove(Job& job);
    std::size_t size() const noexcept { return jobs_.size(); }
    const std::vector<std::unique_ptr<Job>>& all() const noexcept { return jobs_; }

private:
    std::vector<std::unique_ptr<Job>> jobs_;
};

}  // namespace nearline::prediction
