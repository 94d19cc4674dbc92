#include "prediction/worker_metrics.hpp"

namespace nearline::prediction {
namespace {

Counter records(Metrics& metrics, const char* outcome) {
    return metrics.counter("nearline_prediction_records_total",
                           "Records taken, by how they ended: predicted, rejected (dead letter), deferred (to the "
                           "retry topic, until the schema registry can tell), abandoned (their "
                           "partition went to another member first)",
                           {{"outcome", outcome}});
}

}  // namespace

WorkerMetrics::WorkerMetrics(Metrics& owner)
    : metrics(owner),
      predicted(records(owner, "predicted")),
      rejected(records(owner, "rejected")),
      deferred(records(owner, "deferred")),
      abandoned(records(owner, "abandoned")),
      repeated(owner.counter("nearline_prediction_deliveries_repeated_total",
                             "Answers and dead letters sent again because they were not stored, or not certainly")),
      reply_partition_ignored(owner.counter("nearline_prediction_reply_partition_ignored_total",
                                            "Requests whose reply-partition is junk or out of range")),
      batch_size(owner.histogram("nearline_prediction_batch_size", "Rows of one model call", {},
                                 {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024})),
      model_seconds(owner.histogram("nearline_prediction_model_seconds", "Time of one model call", {},
                                    {2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 1e-2, 0.1, 1})),
      lag(owner.gauge("nearline_prediction_lag_seconds",
                      "Age of the oldest record of the last batch when it was taken; 0 when nothing waits")),
      in_flight(owner.gauge("nearline_prediction_in_flight", "Records taken that have not ended")) {}

void WorkerMetrics::dead_letter(const std::string& class_name) {
    metrics
        .counter("nearline_prediction_dead_letters_total",
                 "Records that went to the dead letters, by the kind of failure", {{"class", class_name}})
        .add();
}

}  // namespace nearline::prediction
