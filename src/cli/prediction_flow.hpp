#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "domain/time.hpp"
#include "http/message.hpp"
#include "runtime/backoff.hpp"

namespace nearline::cli {

/// Decides what to do about one observation until its prediction is there or can't be had. No I/O, no
/// clock.
class PredictionFlow {
public:
    struct Step {
        enum class Kind {
            predict,  ///< send POST /predict
            fetch,    ///< GET `text`, a path on the gateway
            login,    ///< get a new token, then on_login()
            done,     ///< `text` is the prediction's JSON
            failed,   ///< `text` says why
        };
        Kind kind;
        std::string text{};
        /// Of a failure after the gateway took it: {"status":"accepted","request_id","location"}, with which its
        /// prediction can be had later; `text` names both, too.
        std::string accepted{};
        std::chrono::milliseconds after{0};  ///< wait so long first
        bool is_refusal = false;             ///< of a failure: the observation itself is wrong (422)
    };

    /// Gives up `patience` after `now`.
    PredictionFlow(SteadyTime now, std::chrono::milliseconds patience, std::uint64_t seed = 0);

    Step start() { return {Step::Kind::predict}; }
    /// What the gateway answered to the last step.
    Step on_answer(const http::Response& answer, SteadyTime now);
    /// The gateway gave no answer.
    Step on_unavailable(const std::string& why, SteadyTime now);
    /// The new token is there.
    Step on_login();
    /// Nobody waits any longer, and why.
    Step give_up(const std::string& why) const;

private:
    Step again(std::optional<std::chrono::milliseconds> after, const std::string& why, SteadyTime now);
    Step on_accepted(const http::Response& answer, SteadyTime now);
    Step on_prediction(const std::string& body);
    Step last() const;

    SteadyTime deadline_;
    Backoff backoff_;
    std::string location_;  // empty: not accepted yet
    std::string request_id_;
    bool logged_in_again_ = false;
};

/// What a problem answered says, violations included; for people.
std::string problem_text(const http::Response& answer);

}  // namespace nearline::cli
