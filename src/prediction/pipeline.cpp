#include "prediction/pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "stream/dead_letter.hpp"

namespace nearline::prediction {
namespace {

Rejection model_failed(const std::exception& error) {
    return {.stage = "model",
            .class_name = "ModelFailed",
            .message = std::string("the model could not answer these features: ") + error.what(),
            .status = 500};
}

Rejection answer_too_large(const std::string& reason) {
    return {.stage = "answer",
            .class_name = "AnswerTooLarge",
            .message = "the answer, which carries the record's key, is too large for the output topic: " + reason,
            .status = 422};
}

Rejection other_body() {
    return {.stage = "validation",
            .class_name = "OtherBody",
            .message = "this Idempotency-Key was used for a request with another body: a new request needs a new key",
            .status = 422};
}

double seconds(std::chrono::steady_clock::duration time) {
    return std::chrono::duration<double>(time).count();
}

}  // namespace

Pipeline::Pipeline(const Worker::Options& options, std::string cluster_id, int output_partitions,
                   stream::Stream& stream, schema::TopicCodec& input, schema::TopicCodec& output, ModelHolder& models,
                   Metrics& metrics, Health& health)
    : options_(options),
      cluster_id_(std::move(cluster_id)),
      dead_letter_topic_(stream::dead_letter_topic(options.input_topic, options.role)),
      input_(input),
      output_(output),
      models_(models),
      health_(health),
      witness_(options.role + " deliveries"),
      stream_(stream),
      metrics_(metrics),
      reader_(input.schema().properties()),
      output_partitions_(output_partitions),
      resolver_(input, health, options.registry_dependency, [this] { deliveries_.nudge(); }),
      producer_(stream.producer(options.producer)) {}

void Pipeline::accept(std::vector<stream::ConsumedRecord> records, SteadyTime now) {
    metrics_.lag.set(std::max(0.0, static_cast<double>(now_ms() - records.front().timestamp) / 1e3));
    std::vector<Decoded> batch;
    batch.reserve(records.size());
    for (auto& record : records) {
        watermark_.delivered(record.at, record.offset);
        auto incoming = stream::read_request_headers(record, cluster_id_);
        const auto& wanted = incoming.context.reply_partition;
        const bool out_of_range = wanted && *wanted >= output_partitions_;
        if (out_of_range) doubts_partitions_ = true;
        if (out_of_range || incoming.bad_reply_partition) metrics_.reply_partition_ignored.add();
        auto& job = jobs_.add(std::move(record), std::move(incoming));
        job.taken = now;
        if (auto document = input_.decode_cached(job.source.value)) {
            batch.push_back({&job, std::move(*document)});
        } else {
            job.resolving = true;
            resolver_.ask(job);
        }
    }
    answer(std::move(batch));
    metrics_.in_flight.set(static_cast<double>(jobs_.size()));
}

void Pipeline::answer(std::vector<Decoded>&& batch) {
    const auto model = models_.current();
    if (model != columns_model_) {
        columns_ = columns_of(model->info(), reader_.names());
        columns_model_ = model;
    }
    std::vector<Job*> jobs;
    std::vector<Features> features;
    std::vector<float> rows;
    jobs.reserve(batch.size());
    features.reserve(batch.size());
    rows.reserve(batch.size() * columns_.size());
    for (auto& [job, document] : batch) {
        auto* rejection = std::get_if<Rejection>(&document);
        if (rejection != nullptr) {
            reject(*job, std::move(*rejection));
            continue;
        }
        auto taken = reader_.read(std::get<boost::json::value>(document));
        if (auto* unusable = std::get_if<Rejection>(&taken)) {
            reject(*job, std::move(*unusable));
            continue;
        }
        jobs.push_back(job);
        features.push_back(std::move(std::get<Features>(taken)));
        append_row(rows, features.back(), columns_);
    }
    if (jobs.empty()) return;
    const auto labels = ask_model(*model, jobs, features, rows);
    const auto now = to_created_at(wall_now());
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        auto time = created_at(*jobs[i], *model, now);
        if (!time) {
            reject(*jobs[i], other_body());
            continue;
        }
        const auto prediction = make_prediction(std::move(features[i]), model->info(), labels[i], *std::move(time));
        jobs[i]->answer_with(output_.encode(to_json(prediction)));
        send(jobs[i]->answer);
    }
}

/// Of a request that has its id as its key: copies of it can have come through several gateways at once.
/// Nothing: an earlier one had another body.
std::optional<std::string> Pipeline::created_at(const Job& job, const Model& model, const std::string& now) {
    const auto& [context, has_request_id, ignored] = job.incoming;
    const bool repeatable = has_request_id && job.source.key && *job.source.key == context.id.to_string();
    return repeatable ? repeats_.created_at(context, model.info().id, now) : now;
}

/// One call for all rows. When it fails, each row is asked alone, and those that fail are rejected and
/// taken out: one bad record must not take the others with it.
std::vector<std::string_view> Pipeline::ask_model(const Model& model, std::vector<Job*>& jobs,
                                                  std::vector<Features>& features, std::vector<float>& rows) {
    std::vector<std::string_view> labels;
    metrics_.batch_size.observe(static_cast<double>(jobs.size()));
    const auto start = std::chrono::steady_clock::now();
    try {
        model.predict(rows, labels);
        metrics_.model_seconds.observe(seconds(std::chrono::steady_clock::now() - start));
        return labels;
    } catch (const std::exception&) {
        labels.clear();
    }
    const auto width = columns_.size();
    std::vector<std::string_view> label;
    std::size_t kept = 0;
    for (std::size_t i = 0; i < jobs.size(); ++i) {
        try {
            model.predict(std::span(rows).subspan(i * width, width), label);
        } catch (const std::exception& error) {
            reject(*jobs[i], model_failed(error));
            continue;
        }
        labels.push_back(label.front());
        jobs[kept] = jobs[i];
        if (kept != i) features[kept] = std::move(features[i]);
        ++kept;
    }
    jobs.resize(kept);
    features.resize(kept);
    return labels;
}

void Pipeline::reject(Job& job, Rejection reason) {
    reason = shortened(std::move(reason));
    metrics_.dead_letter(reason.class_name);
    if (long held = 0; rejection_log_.pass(held)) {
        log::warning("record goes to the dead letters", {{"role", options_.role},
                                                         {"topic", job.source.at.topic},
                                                         {"partition", job.source.at.partition},
                                                         {"offset", job.source.offset},
                                                         {"request_id", job.incoming.context.id.to_string()},
                                                         {"class", reason.class_name},
                                                         {"reason", reason.message},
                                                         {"others", held}});
    }
    std::optional<std::string> failure;
    if (job.incoming.has_request_id) {
        const auto known = reader_.as_far_as_known(job.source.value);
        failure = output_.encode(to_json(make_failure(known, reason, to_created_at(wall_now()))));
    }
    job.reject(std::move(reason), std::move(failure));
    send(job.dead_letter);
    if (job.answer.state == Outlet::State::sent) send(job.answer);
}

void Pipeline::send(Outlet& outlet) {
    outlet.state = Outlet::State::sent;
    const bool is_answer = outlet.kind == Outlet::Kind::answer;
    const auto partition =
        is_answer ? stream::reply_partition(outlet.job.incoming.context, output_partitions_) : std::optional<int>();
    // Two pointers fit into the function without an allocation.
    producer_->produce(is_answer ? options_.output_topic : dead_letter_topic_, partition, outlet.job.record_for(outlet),
                       [deliveries = &deliveries_, sent = &outlet](const stream::Delivery& delivery) {
                           deliveries->add(sent, delivery);
                       });
}

void Pipeline::advance(SteadyTime now) {
    deliveries_.take(reports_);
    for (const auto& report : reports_) handle(report, now);
    if (!reports_.empty()) count_ended();
    handle_resolved();
    if (retry_at_ && *retry_at_ <= now) send_failed();
}

void Pipeline::count_ended() {
    if (predicted_ > 0) metrics_.predicted.add(static_cast<double>(std::exchange(predicted_, 0)));
    if (rejected_ > 0) metrics_.rejected.add(static_cast<double>(std::exchange(rejected_, 0)));
    metrics_.in_flight.set(static_cast<double>(jobs_.size()));
}

void Pipeline::handle(const Deliveries::Report& report, SteadyTime now) {
    auto& outlet = *report.outlet;
    auto& job = outlet.job;
    const bool had_failed = outlet.has_failed;
    const auto step = job.on_delivery(outlet, report.delivery);
    count_failing(had_failed, outlet.has_failed);
    if (job.abandoned) {
        if (!job.is_awaited()) discard(job);
        return;
    }
    follow(step, outlet, report.delivery, now);
}

void Pipeline::follow(Job::Step step, Outlet& outlet, const stream::Delivery& delivery, SteadyTime now) {
    auto& job = outlet.job;
    switch (step) {
        case Job::Step::none:
            return;
        case Job::Step::ended:
            watermark_.ended(job.source.at, job.source.offset);
            has_commits_ = true;
            ++(job.is_rejected() ? rejected_ : predicted_);
            jobs_.remove(job);
            return;
        case Job::Step::smaller:
            send(outlet);
            return;
        case Job::Step::too_large:
            reject(job, answer_too_large(delivery.reason));
            return;
        case Job::Step::again:
            failed_.push_back(&outlet);
            if (!retry_at_) retry_at_ = now + backoff_.next();
            // The partition that it was for may not exist any more.
            if (job.incoming.context.reply_partition) doubts_partitions_ = true;
            health_.down(options_.stream_dependency, delivery.reason, witness_);
            return;
    }
}

void Pipeline::count_failing(bool before, bool after) {
    if (before == after) return;
    if (after) {
        ++failing_;
        return;
    }
    if (--failing_ > 0) return;
    backoff_.reset();
    health_.up(options_.stream_dependency, witness_);
}

void Pipeline::handle_resolved() {
    auto resolved = resolver_.take();
    if (resolved.empty()) return;
    std::vector<Decoded> batch;
    for (auto& [job, document] : resolved) {
        job->resolving = false;
        if (job->abandoned) {
            discard(*job);
        } else {
            batch.push_back({job, std::move(document)});
        }
    }
    answer(std::move(batch));
}

void Pipeline::send_failed() {
    retry_at_.reset();
    metrics_.repeated.add(static_cast<double>(failed_.size()));
    for (auto* outlet : std::exchange(failed_, {})) send(*outlet);
}

std::optional<SteadyTime> Pipeline::oldest() const {
    std::optional<SteadyTime> oldest;
    for (const auto& job : jobs_.all()) {
        if (!job->abandoned && (!oldest || job->taken < *oldest)) oldest = job->taken;
    }
    return oldest;
}

bool Pipeline::can_end_more(const std::set<stream::TopicPartition>& of) const {
    const auto& all = jobs_.all();
    return std::any_of(all.begin(), all.end(), [&](const auto& job) {
        return !job->abandoned && !job->resolving && of.contains(job->source.at);
    });
}

void Pipeline::abandon(const std::set<stream::TopicPartition>& of) {
    for (const auto& job : jobs_.all()) {
        if (of.contains(job->source.at)) job->abandoned = true;
    }
    std::erase_if(failed_, [](const Outlet* outlet) { return outlet->job.abandoned; });
    if (failed_.empty()) retry_at_.reset();
    for (auto* job : resolver_.give_back_abandoned()) job->resolving = false;
    std::vector<Job*> over;
    for (const auto& job : jobs_.all()) {
        if (job->abandoned && !job->resolving && !job->is_awaited()) over.push_back(job.get());
    }
    for (auto* job : over) discard(*job);
    for (const auto& at : of) watermark_.forget(at);
}

void Pipeline::abandon_all() {
    std::set<stream::TopicPartition> all;
    for (const auto& job : jobs_.all()) all.insert(job->source.at);
    abandon(all);
    // Also of partitions with nothing in flight: their records may come again from an earlier offset.
    watermark_ = {};
    has_commits_ = false;
}

std::vector<stream::Position> Pipeline::take_commits() {
    has_commits_ = false;
    return watermark_.take();
}

void Pipeline::discard(Job& job) {
    metrics_.abandoned.add();
    count_failing(job.answer.has_failed, false);
    count_failing(job.dead_letter.has_failed, false);
    jobs_.remove(job);
}

void Pipeline::renew_producer() {
    producer_ = stream_.producer(options_.producer);
}

void Pipeline::set_output_partitions(int partitions) noexcept {
    output_partitions_ = partitions;
    doubts_partitions_ = false;
}

}  // namespace nearline::prediction
