#include "runtime/health.hpp"

#include "domain/json.hpp"
#include "runtime/log.hpp"

namespace nearline {

namespace {

constexpr const char* unanswered = "has not answered yet";

Gauge dependency_up(Metrics& metrics, const std::string& dependency) {
    return metrics.gauge("nearline_dependency_up", "Whether what the service needs answers (1) or not (0)",
                         {{"dependency", dependency}});
}

Counter dependency_failures(Metrics& metrics, const std::string& dependency) {
    return metrics.counter("nearline_dependency_failures_total", "Tries at what the service needs that failed",
                           {{"dependency", dependency}});
}

}  // namespace

// Gauges are set under the lock: else two who say opposite things could leave one as the other left the report.
Health::Health(Metrics& metrics) : metrics_(metrics) {}

void Health::started() {
    const std::scoped_lock lock(mutex_);
    if (phase_ == Phase::starting) phase_ = Phase::ready;
}

void Health::draining() {
    const std::scoped_lock lock(mutex_);
    phase_ = Phase::draining;
}

void Health::awaits(const std::string& dependency, const std::string& witness) {
    const std::scoped_lock lock(mutex_);
    if (missing_[dependency].emplace(witness, unanswered).second) dependency_up(metrics_, dependency).set(0);
    dependency_failures(metrics_, dependency);  // none yet, but it is there
}

void Health::up(const std::string& dependency, const std::string& witness) {
    bool is_missing = false;
    bool is_worth_a_line = false;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = missing_.find(dependency);
        if (found != missing_.end()) {
            found->second.erase(witness);
            is_missing = !found->second.empty();
            if (!is_missing) missing_.erase(found);
        }
        // At the end waits are given up: that nobody misses it any more does not say that it is back.
        if (!is_missing) is_worth_a_line = warned_of_.erase(dependency) > 0 && phase_ != Phase::draining;
        dependency_up(metrics_, dependency).set(is_missing ? 0 : 1);
    }
    if (is_worth_a_line) log::info("dependency is back", {{"dependency", dependency}});
}

void Health::down(const std::string& dependency, const std::string& why, const std::string& witness) {
    bool is_new = false;
    bool is_other = false;
    {
        const std::scoped_lock lock(mutex_);
        const auto [warned, added] = warned_of_.try_emplace(dependency);
        is_new = added;
        long held = 0;
        is_other = !is_new && warned->second.why != why && warned->second.changes.pass(held);
        if (is_new || is_other) warned->second.why = why;
        missing_[dependency][witness] = why;
        dependency_up(metrics_, dependency).set(0);
        dependency_failures(metrics_, dependency).add();
    }
    if (is_new) log::warning("dependency is missing; trying again", {{"dependency", dependency}, {"reason", why}});
    if (is_other)
        log::warning("dependency is missing for another reason", {{"dependency", dependency}, {"reason", why}});
}

void Health::stuck(const std::string& why, const std::string& part) {
    bool changed = false;
    {
        const std::scoped_lock lock(mutex_);
        changed = stuck_.contains(part) == why.empty();
        if (why.empty()) {
            stuck_.erase(part);
        } else {
            stuck_[part] = why;
        }
        metrics_
            .gauge("nearline_stuck", "Whether the part is alive and makes no progress (1) or not (0)", {{"part", part}})
            .set(why.empty() ? 0 : 1);
    }
    if (!changed) return;
    if (why.empty()) {
        log::info("making progress again", {{"part", part}});
    } else {
        log::error("no progress", {{"part", part}, {"reason", why}});
    }
}

Health::Report Health::healthz() const {
    const std::scoped_lock lock(mutex_);
    if (stuck_.empty()) return {200, R"({"status":"alive"})"};
    std::string detail;
    for (const auto& [part, why] : stuck_) detail += (detail.empty() ? "" : "; ") + part + ": " + why;
    return {503, R"({"status":"stuck","detail":)" + quote_json(detail) + "}"};
}

Health::Report Health::readyz() const {
    const std::scoped_lock lock(mutex_);
    const char* phase = phase_ == Phase::ready ? "ready" : phase_ == Phase::starting ? "starting" : "draining";
    std::string body = std::string(R"({"status":")") + phase + R"(","missing":{)";
    bool first = true;
    for (const auto& [dependency, why] : reasons()) {
        if (!first) body += ',';
        first = false;
        body += quote_json(dependency) + ':' + quote_json(why);
    }
    return {phase_ == Phase::ready ? 200 : 503, body + "}}"};
}

std::map<std::string, std::string> Health::missing() const {
    const std::scoped_lock lock(mutex_);
    return reasons();
}

/// Under the lock.
std::map<std::string, std::string> Health::reasons() const {
    std::map<std::string, std::string> reasons;
    for (const auto& [dependency, witnesses] : missing_) {
        std::set<std::string> said;
        auto& all = reasons[dependency];
        for (const auto& [witness, why] : witnesses) {
            // Where one knows why, that another still waits says nothing more.
            if (why == unanswered || !said.insert(why).second) continue;
            all += (all.empty() ? "" : "; ") + why;
        }
        if (said.empty()) all = unanswered;
    }
    return reasons;
}

}  // namespace nearline
