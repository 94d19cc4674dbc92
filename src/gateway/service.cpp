#include "gateway/service.hpp"

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "domain/problem.hpp"
#include "gateway/archive_reads.hpp"
#include "gateway/auth_passing.hpp"
#include "gateway/authenticator.hpp"
#include "gateway/backlog.hpp"
#include "gateway/backlog_sampler.hpp"
#include "gateway/callers.hpp"
#include "gateway/job_thread.hpp"
#include "gateway/loop_gate.hpp"
#include "gateway/openapi.hpp"
#include "gateway/predictions.hpp"
#include "gateway/reading.hpp"
#include "gateway/reply_reader.hpp"
#include "http/client.hpp"
#include "runtime/backoff.hpp"
#include "runtime/log.hpp"
#include "runtime/setting_values.hpp"
#include "runtime/stop.hpp"
#include "stream/ensure_topics.hpp"
#include "stream/stream_watch.hpp"

namespace nearline::gateway {
namespace {

using namespace std::chrono_literals;

constexpr auto admin_patience = 2'000ms;
constexpr auto warm_up_time = 3'000ms;
constexpr auto backlog_interval = 1'000ms;
constexpr auto longest_sampler_patience = 10'000ms;
constexpr auto auth_interval = 1'000ms;
constexpr auto flush_time = 1'000ms;
constexpr auto report_interval = 5ms;  // most callers wait for the answer, not for the acknowledgement
// What is told at the end of the drain still has to be written.
constexpr auto drain_reserve = 300ms;

ArchiveReads::Options archive_options(const Options& options) {
    ArchiveReads::Options reads;
    reads.name = options.archive_name;
    reads.patience = options.archive_patience;
    reads.repeat_patience = options.repeat_patience;
    return reads;
}

/// What is accepted must not be deleted before its turn: half of the retention is left for what the estimate misses.
std::chrono::milliseconds longest_queue(std::chrono::milliseconds wanted, std::chrono::milliseconds retention) {
    const auto most = retention / 2;
    return most > 0ms && (wanted <= 0ms || wanted > most) ? most : wanted;
}

}  // namespace

/// All parts, in the order in which they need each other.
struct Service::Impl : std::enable_shared_from_this<Service::Impl> {
    Impl(const Parts& p, Options o);

    void start();
    void stop();
    http::Router routes();

    void connect(schema::TopicCodec& codec, const std::shared_ptr<Backoff>& backoff);
    void prepare_topics();
    std::chrono::milliseconds input_retention();
    void sample_backlog();
    stream::StreamWatch::Options watch_options();
    void topics_made_anew();
    void renew_producer();
    std::shared_ptr<stream::Producer> make_producer() const;
    void check_started();
    static boost::asio::awaitable<void> watch_auth(std::shared_ptr<Impl> self);
    void watch_auth_later();

    Parts parts;
    const Options options;
    LoopGate gate;
    std::unique_ptr<http::Client> auth;
    std::unique_ptr<stream::Admin> admin;
    // What retention leaves of --max-backlog. Written before the first sample.
    std::chrono::milliseconds max_backlog;
    BacklogSampler sampler;  // for stream_jobs
    StopToken stopping{};
    JobThread stream_jobs{"gw-stream"};
    JobThread registry_jobs{"gw-registry"};

    // The loop's thread.
    Authenticator authenticator;
    AnswerKeep keep;
    ArchiveReads archive;
    BacklogEstimate backlog;
    ReplyReader replies;
    Callers callers;
    std::string stream_down;    // why; empty: it answers
    std::string registry_down;  // why; empty: it has answered all that is needed
    stream::StreamWatch watch;
    Predictions predictions;
    Reading reading;
    std::string openapi{};
    std::string index{};
    bool ready = false;
    bool is_asking_auth = false;

    std::shared_ptr<stream::Producer> producer{};  // changes on the loop's thread
    Gauge backlog_records;
    Gauge backlog_seconds;
    bool started = false;
};

Service::Impl::Impl(const Parts& p, Options o)
    : parts(p),
      options(std::move(o)),
      gate(p.loop),
      auth(options.auth_url.empty() ? nullptr : std::make_unique<http::Client>(p.loop, options.auth_url)),
      admin(p.stream.admin(admin_patience)),
      max_backlog(longest_queue(options.max_backlog, options.topics.retention)),
      sampler(p.stream, *admin,
              {.topic = options.input_topic,
               .group = options.prediction_group,
               .patience = std::min<std::chrono::milliseconds>(longest_sampler_patience, max_backlog / 2)}),
      authenticator(p.jwt, auth.get(), p.health, options.auth_keep),
      keep(options.keep_answers, options.keep_bytes),
      archive(p.archive, p.loop, gate, p.metrics, p.health, archive_options(options)),
      replies({p.stream, *admin, p.output, p.metrics, gate, stream_jobs, registry_jobs}, options.output_topic,
              options.group, [this](const std::vector<AnswerPtr>& answers) { callers.answered(answers); }),
      callers(p.loop, gate, replies, keep, p.metrics, {options.max_pending, options.max_late, options.late_time}),
      stream_down(options.stream_name + " has not answered yet"),
      registry_down(options.registry_name + " has not answered yet"),
      watch(p.stream, p.health, watch_options()),
      predictions({authenticator, callers, keep, archive, stream_down, registry_down, backlog, max_backlog, p.input,
                   p.signer, p.metrics},
                  options),
      reading({authenticator, callers, keep, archive, p.signer}, options) {
    backlog_records = p.metrics.gauge("nearline_gateway_backlog_records", "Records before the prediction group");
    backlog_seconds =
        p.metrics.gauge("nearline_gateway_backlog_seconds", "Estimated time until a new record is predicted");
}

void Service::Impl::start() {
    started = true;
    producer = make_producer();
    replies.start();
    stream_jobs.start();
    registry_jobs.start();
    watch.start();
    archive.start();
    gate.post([this] { predictions.open(*producer); });
    parts.health.awaits(options.registry_name);
    registry_jobs.post([this] { connect(parts.input, std::make_shared<Backoff>()); });
    stream_jobs.post([this] { prepare_topics(); });
    if (auth) watch_auth_later();
}

stream::StreamWatch::Options Service::Impl::watch_options() {
    stream::StreamWatch::Options watching;
    watching.dependency = options.stream_name;
    watching.witness = "gateway";
    watching.stored = [this] { return callers.stored(); };
    watching.on_look = [this](const std::string& why) {
        gate.post([this, down = why.empty() ? why : options.stream_name + " does not answer: " + why] {
            stream_down = down;
        });
    };
    watching.on_made_anew = [this] { gate.post([this] { topics_made_anew(); }); };
    return watching;
}

void Service::Impl::topics_made_anew() {
    const auto topics = watch.made_anew();
    if (topics.contains(options.output_topic)) replies.topic_was_made_anew();
    if (topics.contains(options.input_topic)) stream_jobs.post([this] { renew_producer(); });
}

void Service::Impl::renew_producer() {
    auto fresh = make_producer();
    fresh->warm_up(options.input_topic, warm_up_time);
    gate.post([this, fresh = std::move(fresh)]() mutable {
        std::swap(producer, fresh);
        predictions.open(*producer);
        // What is under way may still be acknowledged.
        stream_jobs.post([before = std::move(fresh)] { before->flush(flush_time); });
    });
}

std::shared_ptr<stream::Producer> Service::Impl::make_producer() const {
    stream::ProducerOptions producing;
    producing.delivery_timeout = options.delivery_timeout;
    producing.report_interval = report_interval;
    return parts.stream.producer(producing);
}

/// Until both topics' schemas have their ids.
void Service::Impl::connect(schema::TopicCodec& codec, const std::shared_ptr<Backoff>& backoff) {
    std::string why;
    try {
        const auto id = codec.connect();
        if (!id) why = "refuses the schema: " + id.error().detail;
    } catch (const Unavailable& error) {
        why = error.what();
    }
    if (!why.empty()) {
        parts.health.down(options.registry_name, why);
        gate.post([this, down = options.registry_name + " can't be used yet: " + why] { registry_down = down; });
        registry_jobs.post_after(backoff->next(), [this, &codec, backoff] { connect(codec, backoff); });
    } else if (&codec == &parts.input) {
        connect(parts.output, backoff);
    } else {
        parts.health.up(options.registry_name);
        gate.post([this] {
            registry_down.clear();
            check_started();
        });
    }
}

/// Until both topics are there.
void Service::Impl::prepare_topics() {
    const std::vector<stream::WantedTopic> wanted{{options.input_topic, options.topics},
                                                  {options.output_topic, options.topics}};
    const auto topics =
        stream::ensure_topics(parts.stream, wanted, parts.health, options.stream_name, stopping, "gateway start");
    if (!topics) return;
    watch.expect(*topics);
    producer->warm_up(options.input_topic, warm_up_time);
    gate.post([this, partitions = topics->at(options.output_topic).partitions] {
        replies.topic_is_there(partitions);
        check_started();
    });
    const auto most = longest_queue(options.max_backlog, input_retention());
    gate.post([this, most] { max_backlog = most; });
    if (most > 0ms) sample_backlog();
}

/// A topic that was there before keeps its records for as long as it was made to.
std::chrono::milliseconds Service::Impl::input_retention() {
    try {
        return admin->retention(options.input_topic);
    } catch (const Unavailable& e) {
        log::warning("taking --retention for that of the input topic",
                     {{"retention", setting_values::format_duration(options.topics.retention)}, {"reason", e.what()}});
        return options.topics.retention;
    }
}

void Service::Impl::check_started() {
    if (ready) return;
    if (predictions.why_not_now().empty() && replies.choose()) {
        ready = true;
        parts.on_ready();
    } else {
        // What is missing comes from other threads; asking again costs nothing.
        stream_jobs.post_after(20ms, [this] { gate.post([this] { check_started(); }); });
    }
}

void Service::Impl::sample_backlog() {
    try {
        gate.post([this, positions = sampler.sample()] {
            backlog.sample(positions, std::chrono::steady_clock::now());
            backlog_records.set(static_cast<double>(backlog.backlog()));
            backlog_seconds.set(backlog.wait().count());
        });
    } catch (const Unavailable&) {
        // The watch says so; the estimate stays what it was.
    }
    stream_jobs.post_after(backlog_interval, [this] { sample_backlog(); });
}

/// At a low rate: this is for who looks at it, requests ask for themselves.
void Service::Impl::watch_auth_later() {
    registry_jobs.post_after(auth_interval, [this] {
        gate.post([this] {
            is_asking_auth = true;
            boost::asio::co_spawn(parts.loop.executor(), watch_auth(shared_from_this()), boost::asio::detached);
        });
    });
}

boost::asio::awaitable<void> Service::Impl::watch_auth(std::shared_ptr<Impl> self) {
    co_await self->authenticator.ask_whether_it_is_back();
    self->is_asking_auth = false;
    self->watch_auth_later();
}

void Service::Impl::stop() {
    if (!std::exchange(started, false)) return;
    stopping.request();
    gate.run([this] { callers.stop(); });
    gate.close();
    // A question to auth-svc ends within its time-out.
    for (bool asks = true; asks && gate.run([&] { asks = is_asking_auth; }) && asks;) {
        std::this_thread::sleep_for(10ms);
    }
    watch.stop();
    archive.stop();
    stream_jobs.stop();
    registry_jobs.stop();
    replies.stop();
    producer->flush(flush_time);
    producer.reset();
}

http::Router Service::Impl::routes() {
    const auto self = shared_from_this();
    const auto fixed = [self](const std::string Impl::*document) -> http::Handler {
        return [self, document](const http::Request&) -> boost::asio::awaitable<http::Response> {
            co_return http::json_response(200, (*self).*document);
        };
    };
    http::Router router{
        {"POST", "/predict", [self](const http::Request& request) { return self->predictions.predict(request); },
         "Predict: answers what the model says of one observation.", "application/json"},
        {"GET", "/predictions/{id}", [self](const http::Request& request) { return self->reading.show(request); },
         "A prediction, by its request id or by the Location of a 202.", ""},
        {"GET", "/predictions", [self](const http::Request& request) { return self->reading.list(request); },
         "Your predictions, the newest first, page by page.", ""},
    };
    if (auth) router.add(auth_routes(*auth));
    router.add({"GET", "/", fixed(&Impl::index), "What is here.", ""});
    router.add({"GET", "/openapi.json", fixed(&Impl::openapi), "This API as an OpenAPI document.", ""});
    auto described = router;
    described.add(http::operations_routes(parts.health, parts.metrics));
    index = index_document(described.routes());
    openapi = openapi_document(described.routes(), parts.input.schema().text(), parts.output.schema().text());
    return router;
}

Service::Service(const Parts& parts, Options options) : impl_(std::make_shared<Impl>(parts, std::move(options))) {}

Service::~Service() {
    stop();
}

http::Router Service::routes() const {
    return impl_->routes();
}

void Service::start() {
    impl_->start();
}

void Service::drain(std::chrono::steady_clock::time_point deadline) {
    impl_->gate.post([impl = impl_, deadline] { impl->callers.cut(deadline - drain_reserve); });
}

void Service::stop() {
    impl_->stop();
}

}  // namespace nearline::gateway
