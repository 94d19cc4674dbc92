#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

/// Metrics in the Prometheus text format 0.0.4, named by Prometheus' rules: base units, _total for
/// counters. One Metrics object for a process, made in main and handed down. Everything is thread-safe;
/// the instruments are cheap handles that may be copied and live as long as the Metrics object.
namespace nearline {

using Labels = std::map<std::string, std::string>;

class Counter {
public:
    void add(double by = 1) const noexcept;
    double value() const noexcept;

private:
    friend class Metrics;
    void* impl_ = nullptr;  // of the Metrics object
};

class Gauge {
public:
    void set(double value) const noexcept;
    void add(double by) const noexcept;
    double value() const noexcept;

private:
    friend class Metrics;
    void* impl_ = nullptr;
};

class Histogram {
public:
    void observe(double value) const noexcept;

private:
    friend class Metrics;
    void* impl_ = nullptr;
};

class Metrics {
public:
    Metrics();
    ~Metrics();
    Metrics(const Metrics&) = delete;
    Metrics& operator=(const Metrics&) = delete;

    /// The instrument of this name and these labels, made at the first call; later calls give the same
    /// one. Throws std::invalid_argument where the name was used for another kind of instrument.
    Counter counter(const std::string& name, const std::string& help, const Labels& labels = {});
    Gauge gauge(const std::string& name, const std::string& help, const Labels& labels = {});
    /// `buckets`: upper bounds, rising; empty gives 0.5 ms to 30 s for durations in seconds.
    Histogram histogram(const std::string& name, const std::string& help, const Labels& labels = {},
                        const std::vector<double>& buckets = {});

    /// The text that GET /metrics answers, process metrics (CPU, memory, descriptors, start) included.
    std::string exposition() const;
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace nearline
