#include "runtime/metrics.hpp"

#include <algorithm>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>
#include <sstream>

#include "runtime/process_metrics.hpp"

namespace nearline {

namespace {

const std::vector<double> default_buckets{0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1,
                                          0.2,    0.5,   1,     2,     5,    10,   30};

prometheus::MetricFamily to_family(const ProcessFigure& figure) {
    prometheus::MetricFamily family;
    family.name = figure.name;
    family.help = figure.help;
    family.type = figure.is_counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    prometheus::ClientMetric metric;
    metric.counter.value = figure.value;
    metric.gauge.value = figure.value;
    family.metric.push_back(std::move(metric));
    return family;
}

}  // namespace

struct Metrics::Impl {
    prometheus::Registry registry{prometheus::Registry::InsertBehavior::Merge};
};

// A handle that was made empty, not by a Metrics object, counts nowhere.
void Counter::add(double by) const noexcept {
    if (impl_ != nullptr) static_cast<prometheus::Counter*>(impl_)->Increment(by);
}
double Counter::value() const noexcept {
    return impl_ == nullptr ? 0 : static_cast<prometheus::Counter*>(impl_)->Value();
}

void Gauge::set(double value) const noexcept {
    if (impl_ != nullptr) static_cast<prometheus::Gauge*>(impl_)->Set(value);
}
void Gauge::add(double by) const noexcept {
    if (impl_ != nullptr) static_cast<prometheus::Gauge*>(impl_)->Increment(by);
}
double Gauge::value() const noexcept {
    return impl_ == nullptr ? 0 : static_cast<prometheus::Gauge*>(impl_)->Value();
}

void Histogram::observe(double value) const noexcept {
    if (impl_ != nullptr) static_cast<prometheus::Histogram*>(impl_)->Observe(value);
}

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

Counter Metrics::counter(const std::string& name, const std::string& help, const Labels& labels) {
    Counter made;
    made.impl_ = &prometheus::BuildCounter().Name(name).Help(help).Register(impl_->registry).Add(labels);
    return made;
}

Gauge Metrics::gauge(const std::string& name, const std::string& help, const Labels& labels) {
    Gauge made;
    made.impl_ = &prometheus::BuildGauge().Name(name).Help(help).Register(impl_->registry).Add(labels);
    return made;
}

Histogram Metrics::histogram(const std::string& name, const std::string& help, const Labels& labels,
                             const std::vector<double>& buckets) {
    Histogram made;
    made.impl_ = &prometheus::BuildHistogram()
                      .Name(name)
                      .Help(help)
                      .Register(impl_->registry)
                      .Add(labels, buckets.empty() ? default_buckets : buckets);
    return made;
}

std::string Metrics::exposition() const {
    auto families = impl_->registry.Collect();
    for (const auto& figure : process_figures()) families.push_back(to_family(figure));
    // In the same order every time, for people who compare.
    std::sort(families.begin(), families.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, families);
    return text.str();
}

}  // namespace nearline
