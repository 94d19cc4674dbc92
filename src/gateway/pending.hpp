#pragma once

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "domain/time.hpp"
#include "domain/uuid.hpp"
#include "gateway/answer.hpp"
#include "stream/producer.hpp"

namespace nearline::gateway {

/// One who waits for the outcome of a request; several can wait for one request (Idempotency-Key).
using CallerId = std::uint64_t;

/// How long a caller waits, and for what.
struct Patience {
    SteadyTime answer_by;        ///< then "accepted", if the record is acknowledged by then
    SteadyTime acknowledged_by;  ///< not before answer_by; then "unknown"
    bool wants_answer = true;    ///< false: "accepted" as soon as it is acknowledged
};

/// What became of one caller's request. Every caller admitted gets exactly one.
struct Ending {
    enum class Kind {
        answered,  ///< `answer` is there
        accepted,  ///< stored; its answer will come
        rejected,  ///< certainly not stored
        unknown,   ///< the stream did not say in time
    };
    CallerId caller = 0;
    Kind kind = Kind::unknown;
    AnswerPtr answer{};
    std::string reason{};    ///< of the stream, when rejected or unknown
    bool too_large = false;  ///< rejected, and a repeat won't help
};

/// Who waits for which answer. Decides what becomes of each request from deliveries, answers and the
/// time, in whatever order they come. A request whose callers have all been told goes on being awaited
/// until its answer comes, so that GET /predictions/{id} finds it, but for a bounded time and in bounded
/// number. No I/O, no clock; not thread-safe.
class PendingAnswers {
public:
    struct Options {
        std::size_t max_callers = 10'000;  ///< above it admit() says full
        std::size_t max_late = 100'000;    ///< requests awaited that nobody waits for; the oldest go first
        std::chrono::milliseconds late_time{600'000};
    };
    explicit PendingAnswers(Options options) : options_(options) {}

    struct Question {
        Uuid id;
        Uuid user;
        std::string body_digest;
    };
    enum class Admission {
        opened,       ///< new: produce it; its partition is awaited from now on
        again,        ///< known, but nobody knows whether it was stored: produce it again
        joined,       ///< known and on its way: produce nothing
        other_body,   ///< the same id with another body: nobody waits
        full,         ///< too many callers: nobody waits
        no_partition  ///< new, and no partition to ask for the answer on: nobody waits
    };
    struct Admitted {
        Admission admission;
        CallerId caller = 0;        ///< where somebody waits
        std::uint64_t attempt = 0;  ///< to be given back to delivered()
        int partition = -1;         ///< where the answer is asked for
    };
    /// `partition`: where to ask for the answer if the request is new.
    Admitted admit(const Question& question, const Patience& patience, std::optional<int> partition, SteadyTime now);

    /// What became of the record that an admit() had produced. Unknown ids and attempts are ignored.
    void delivered(const Uuid& id, std::uint64_t attempt, const stream::Delivery& delivery, SteadyTime now);

    /// An answer was read. Whether anybody waited for it, or it was still awaited. A failure of another body with
    /// the same id is nobody's here; a prediction of another body is the only one there will be, and its callers
    /// have to be told that it is not theirs.
    bool answered(const AnswerPtr& answer);

    /// The time has come for whoever's deadline is not after `now`.
    void expire(SteadyTime now);
    /// When expire() has something to do again; it may turn out to be nothing.
    std::optional<SteadyTime> next_deadline() const;

    /// From now on nobody waits longer than this.
    void cut(SteadyTime deadline);
    /// Ends all that wait: "accepted" where acknowledged, else "unknown".
    void end_all();

    /// What happened since the last take().
    struct Effects {
        std::vector<Ending> endings{};
        std::vector<int> released{};  ///< a partition each time that a request on it is no longer awaited
    };
    Effects take() { return std::exchange(effects_, {}); }

    struct Known {
        Uuid user;
        bool acknowledged;
    };
    /// A request that is still awaited.
    std::optional<Known> find(const Uuid& id) const;
    std::size_t callers() const noexcept { return deadlines_.size(); }
    std::size_t late() const noexcept { return late_.size(); }
    /// Callers whom only the acknowledgement keeps waiting: worth telling of it at once.
    std::size_t waiting_for_acknowledgement() const noexcept { return waiting_for_acknowledgement_; }

private:
    enum class State { produced, acknowledged, unknown };
    struct Waiting {
        CallerId id;
        Patience patience;
        SteadyTime due;     // its key in deadlines_
        bool past = false;  // past answer_by: only the acknowledgement is missing
    };
    struct Late {
        Uuid id;
        SteadyTime forget_at;
    };
    struct Entry {
        Question question;
        int partition = -1;
        State state = State::produced;
        bool doubtful = false;  // an earlier attempt may have been stored
        std::uint64_t attempt = 0;
        std::string reason{};
        std::vector<Waiting> callers{};
        std::optional<std::list<Late>::iterator> late{};
    };
    using Entries = std::unordered_map<Uuid, Entry>;

    CallerId wait(Entry& entry, const Patience& patience, SteadyTime now);
    void end(Entry& entry, std::size_t index, Ending::Kind kind, const AnswerPtr& answer = {}, bool too_large = false);
    void end_callers(Entry& entry, Ending::Kind kind, const AnswerPtr& answer = {}, bool too_large = false);
    void end_if_due(Entry& entry, SteadyTime now);
    void move_deadline(const Entry& entry, Waiting& caller, SteadyTime due);
    void set_past(Waiting& caller, bool past);
    void let_be_late(Entry& entry, SteadyTime now);
    void not_late(Entry& entry);
    void forget(Entries::iterator entry);

    Options options_;
    std::optional<SteadyTime> cut_;
    Entries entries_;
    std::map<std::pair<SteadyTime, CallerId>, Uuid> deadlines_;
    std::list<Late> late_;  // late_time is the same for all, so the first to come is the first to go
    CallerId next_caller_ = 1;
    std::uint64_t next_attempt_ = 1;
    std::size_t waiting_for_acknowledgement_ = 0;
    Effects effects_;
};

}  // namespace nearline::gateway
