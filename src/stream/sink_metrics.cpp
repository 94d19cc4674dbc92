#include "stream/sink_metrics.hpp"

#include <utility>

namespace nearline::stream {

SinkMetrics::SinkMetrics(Metrics& owner, std::string name)
    : metrics(owner),
      role(std::move(name)),
      stored(owner.counter("nearline_sink_stored_total", "Records stored", {{"role", role}})),
      retries(owner.counter("nearline_sink_retries_total", "Attempts to store that failed and were repeated",
                            {{"role", role}})),
      batch_size(owner.histogram("nearline_sink_batch_size", "Records of one write", {{"role", role}},
                                 {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096})),
      write_seconds(owner.histogram("nearline_sink_write_seconds", "Time of one write", {{"role", role}})),
      lag(owner.gauge("nearline_sink_lag_seconds",
                      "Age of the oldest record taken and not stored; 0 when nothing waits", {{"role", role}})) {}

void SinkMetrics::dead_letter(const std::string& class_name) {
    metrics
        .counter("nearline_sink_dead_letters_total",
                 "Records that could not be stored and went to the dead letters, by the kind of failure",
                 {{"role", role}, {"class", class_name}})
        .add();
}

}  // namespace nearline::stream
