#include "prediction/pipeline.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "stream/dead_letter.hpp"
#include "stream/deferred_record.hpp"

namespace nearline::prediction {
namespace {

Rejection model_failed(const std::exception& error) {
    return {.stage = "model",
            .class_name = "ModelFailed",
            .message = std::string("the model could not answer these features: ") + error.what(),
            .status = 500};
}

Rejection too_large_answer(const std::string& reason) {
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
      input_(input),
      output_(output),
      models_(models),
      metrics_(metrics),
      reader_(input.schema().properties()),
      destinations_(options.output_topic, stream::dead_letter_topic(options.topic, options.role), options.retry_topic,
                    output_partitions),
      resolver_(input, health, options.registry_dependency, [this] { deliveries_.nudge(); }),
      dispatch_(make_dispatch(stream, health)) {}

std::unique_ptr<Dispatch> Pipeline::make_dispatch(stream::Stream& stream, Health& health) {
    const Dispatch::Context context{.options = options_,
                                    .stream = stream,
                                    .jobs = jobs_,
                                    .owner = *this,
                                    .destinations = destinations_,
                                    .deliveries = deliveries_,
                                    .metrics = metrics_,
                                    .health = health};
    return options_.exactly_once ? make_transactional_dispatch(context) : make_single_dispatch(context);
}

void Pipeline::accept(std::vector<stream::ConsumedRecord> records, SteadyTime now) {
    metrics_.lag.set(std::max(0.0, static_cast<double>(now_ms() - records.front().timestamp) / 1e3));
    std::vector<Decoded> batch;
    batch.reserve(records.size());
    for (auto& record : records) {
        const stream::Position read_at{record.at, record.offset};
        const bool is_retried = record.at.topic == options_.retry_topic;
        if (is_retried) record = stream::undo_deferral(std::move(record));
        auto incoming = stream::read_request_headers(record, cluster_id_);
        const auto& wanted = incoming.context.reply_partition;
        const bool out_of_range = wanted && *wanted >= destinations_.output_partitions();
        if (out_of_range) destinations_.doubt_partitions();
        if (out_of_range || incoming.bad_reply_partition) metrics_.reply_partition_ignored.add();
        auto& job = jobs_.add(read_at, std::move(record), std::move(incoming));
        job.taken = now;
        dispatch_->taken(job);
        if (auto document = input_.decode_cached(job.source.value)) {
            batch.push_back({&job, std::move(*document)});
        } else {
            const bool can_defer = !is_retried && !options_.retry_topic.empty();
            resolve(job, can_defer ? Resolver::Patience::one_question : Resolver::Patience::until_certain);
        }
    }
    answer(std::move(batch));
    dispatch_->flush();
    count_ended();
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
        dispatch_->send(*jobs[i]);
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
    dispatch_->send(job);
}

void Pipeline::advance(SteadyTime now) {
    handle_resolved();
    dispatch_->advance(now);
    if (predicted_ + rejected_ + deferred_ > 0) count_ended();
}

void Pipeline::count_ended() {
    if (predicted_ > 0) metrics_.predicted.add(static_cast<double>(std::exchange(predicted_, 0)));
    if (deferred_ > 0) metrics_.deferred.add(static_cast<double>(std::exchange(deferred_, 0)));
    if (rejected_ > 0) metrics_.rejected.add(static_cast<double>(std::exchange(rejected_, 0)));
    metrics_.in_flight.set(static_cast<double>(jobs_.size()));
}

void Pipeline::ended(Job& job) {
    ++(job.is_deferred() ? deferred_ : job.is_rejected() ? rejected_ : predicted_);
    jobs_.remove(job);
}

void Pipeline::too_large(Outlet& outlet, const std::string& reason) {
    if (outlet.kind == Outlet::Kind::deferral) {
        // It waits where it is, and holds up the commits behind it.
        resolve(outlet.job, Resolver::Patience::until_certain);
    } else {
        reject(outlet.job, too_large_answer(reason));
    }
}

void Pipeline::resolve(Job& job, Resolver::Patience patience) {
    job.resolving = true;
    resolver_.ask(job, patience);
}

/// What takes a while must not hold up the commits of its partition: a crash would repeat all that was answered behind
/// it, and whoever reads the lag would see a queue that is none.
void Pipeline::defer(Job& job) {
    if (long held = 0; deferral_log_.pass(held)) {
        log::info("record waits on the retry topic: the registry can't say yet what schema it names",
                  {{"role", options_.role},
                   {"topic", job.source.at.topic},
                   {"partition", job.source.at.partition},
                   {"offset", job.source.offset},
                   {"request_id", job.incoming.context.id.to_string()},
                   {"others", held}});
    }
    job.defer();
    dispatch_->send(job);
}

void Pipeline::handle_resolved() {
    auto resolved = resolver_.take();
    if (resolved.empty()) return;
    std::vector<Decoded> batch;
    for (auto& [job, document] : resolved) {
        job->resolving = false;
        if (job->abandoned) {
            discard(*job);
        } else if (!document) {
            defer(*job);
        } else {
            batch.push_back({job, *std::move(document)});
        }
    }
    answer(std::move(batch));
}

std::optional<SteadyTime> Pipeline::oldest() const {
    std::optional<SteadyTime> oldest;
    for (const auto& job : jobs_.all()) {
        if (!job->abandoned && (!oldest || job->taken < *oldest)) oldest = job->taken;
    }
    return oldest;
}

void Pipeline::abandon(const std::set<stream::TopicPartition>& of) {
    for (const auto& job : jobs_.all()) {
        if (of.contains(job->read_at.at)) job->abandoned = true;
    }
    dispatch_->forget(of);
    for (auto* job : resolver_.give_back_abandoned()) job->resolving = false;
    std::vector<Job*> over;
    for (const auto& job : jobs_.all()) {
        if (job->abandoned && !job->resolving && !dispatch_->is_under_way(*job)) over.push_back(job.get());
    }
    for (auto* job : over) discard(*job);
}

void Pipeline::abandon_all() {
    std::set<stream::TopicPartition> all;
    for (const auto& job : jobs_.all()) all.insert(job->read_at.at);
    abandon(all);
    dispatch_->forget_all();
}

void Pipeline::discard(Job& job) {
    metrics_.abandoned.add();
    dispatch_->let_go(job);
    jobs_.remove(job);
}

}  // namespace nearline::prediction
