#pragma once

#include <map>
#include <mutex>
#include <set>
#include <string>

#include "runtime/log.hpp"
#include "runtime/metrics.hpp"

namespace nearline {

/// What /healthz and /readyz say. Ready from started() until draining(); a missing dependency is named
/// in the body of /readyz and counted in nearline_dependency_up, but does not take readiness away: a
/// gateway whose broker is gone must stay reachable to say 503. Thread-safe.
class Health {
public:
    /// `metrics` must outlive it.
    explicit Health(Metrics& metrics);

    /// The service has started and could do its work.
    void started();
    /// It is going to end; for good.
    void draining();

    /// A dependency is asked for the first time: it is missing until it has answered, but nothing is wrong yet, and
    /// the log says nothing. What is known of it already stays. Then up() or down() of the same witness.
    void awaits(const std::string& dependency, const std::string& witness = "");

    /// A dependency ("kafka", "mysql", "schema registry") answers, or does not and why. Logs the change.
    /// Several may judge one dependency, each by what it does with it and under a `witness` name of its own: it
    /// is missing while one of them says so, so that they don't take back what another has said.
    void up(const std::string& dependency, const std::string& witness = "");
    void down(const std::string& dependency, const std::string& why, const std::string& witness = "");

    /// A part is alive but makes no progress: /healthz says so with 503 until an empty `why` takes it back.
    void stuck(const std::string& why, const std::string& part);

    struct Report {
        int status;        ///< HTTP
        std::string body;  ///< a JSON object
    };
    Report healthz() const;  ///< 200 {"status":"alive"}
    Report readyz() const;   ///< 200 or 503 {"status":"ready"|"starting"|"draining","missing":{"kafka":"…"}}
    /// By dependency, why; where several say so, the reason of each once.
    std::map<std::string, std::string> missing() const;

private:
    std::map<std::string, std::string> reasons() const;
    enum class Phase { starting, ready, draining };
    Metrics& metrics_;
    mutable std::mutex mutex_;
    Phase phase_ = Phase::starting;
    std::map<std::string, std::string> stuck_;                           // by part, why
    std::map<std::string, std::map<std::string, std::string>> missing_;  // by dependency and witness, why
    struct Warned {
        std::string why;            // as the log said last
        log::Throttle changes{30};  // one reason can take turns with another
    };
    std::map<std::string, Warned> warned_of_;  // dependencies that the log calls missing
};

}  // namespace nearline
