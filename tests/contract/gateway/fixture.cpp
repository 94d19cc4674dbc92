#include "fixture.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <thread>

#include "schema/builtin_schemas.hpp"

namespace nearline::test {
using namespace std::chrono_literals;

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

World::World(int partitions)
    : stream(stream::open_embedded(dir / "stream", {}, metrics)), registry(dir / "registry.db") {
    stream::TopicOptions options;
    options.partitions = partitions;
    const auto admin = stream->admin(5s);
    admin->create_topic("input-topic", options);
    admin->create_topic("output-topic", options);
}

std::int64_t World::records(const std::string& topic) {
    const auto admin = stream->admin(5s);
    std::int64_t records = 0;
    for (int partition = 0; partition < admin->topic(topic)->partitions; ++partition) {
        const auto marks = admin->watermarks({topic, partition});
        records += marks.end - marks.start;
    }
    return records;
}

std::string Person::token(std::int64_t lifetime, std::int64_t age) const {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(wall_now().time_since_epoch()).count();
    return token::Jwt(secret).sign({name, now - age + lifetime, now - age, admin, id});
}

Gateway::Gateway(World& world, const std::function<void(gateway::Options&)>& set, stream::Stream* stream,
                 schema::Registry* registry)
    : input_(registry ? *registry : world.registry,
             {.topic = "input-topic", .schema = std::string(schema::iris_input())}),
      output_(registry ? *registry : world.registry,
              {.topic = "output-topic", .schema = std::string(schema::iris_output())}) {
    gateway::Options options;
    set(options);
    loop_.start();
    service_ = std::make_unique<gateway::Service>(
        gateway::Service::Parts{stream ? *stream : *world.stream, input_, output_, jwt_, signer_, loop_, metrics_,
                                health_, [this] { health_.started(); }, world.archive},
        options);
    routes_ = service_->routes();
    routes_.add(http::operations_routes(health_, metrics_));
    http::ServerOptions server_options;
    server_options.service = "gateway";
    server_ = std::make_unique<http::Server>(loop_, server_options, routes_, metrics_);
    service_->start();
    server_->start();
}

Gateway::~Gateway() {
    stop(0ms);
}

Gateway& Gateway::wait_until_ready() {
    EXPECT_TRUE(eventually([&] { return is_ready(); })) << missing();
    return *this;
}

Gateway& Gateway::wait_until_owning(int partitions) {
    const auto owned = [&] { return count("nearline_gateway_reply_partitions", {{"kind", "owned"}}); };
    EXPECT_TRUE(eventually([&] { return owned() == partitions; })) << owned();
    return *this;
}

void Gateway::stop(std::chrono::milliseconds drain_time) {
    if (!service_) return;
    const auto deadline = std::chrono::steady_clock::now() + drain_time;
    health_.draining();
    service_->drain(deadline);
    server_->drain(deadline);
    server_->stop();
    service_->stop();
    server_.reset();
    routes_ = {};
    service_.reset();
    loop_.stop();
}

http::Response Gateway::send(http::ClientRequest request) const {
    request.timeout = 30s;
    const std::string target = request.target;
    return http::fetch(url() + target, std::move(request));
}

http::Response Gateway::predict(const Person& person, std::string body, http::Headers headers) const {
    headers.add("Authorization", person.authorization());
    if (!headers.find("Content-Type")) headers.add("Content-Type", "application/json");
    return send({"POST", "/predict", std::move(headers), std::move(body)});
}

http::Response Gateway::get(const Person& person, const std::string& path) const {
    http::Headers headers;
    headers.add("Authorization", person.authorization());
    return send({"GET", path, std::move(headers)});
}

double Gateway::count(const std::string& name, const Labels& labels) const {
    // From the text, so that asking does not make a metric.
    const std::string text = metrics_.exposition();
    std::string start = name;
    if (!labels.empty()) {
        start += '{';
        for (const auto& [key, value] : labels) start += (start.back() == '{' ? "" : ",") + key + "=\"" + value + '"';
        start += '}';
    }
    start += ' ';
    for (std::size_t at = 0; at != std::string::npos; at = text.find('\n', at)) {
        if (text[at] == '\n') ++at;
        if (text.compare(at, start.size(), start) == 0) return std::stod(text.substr(at + start.size()));
    }
    return 0;
}

ArchivedPrediction archived_from(const http::Response& answer, const Uuid& user, const std::string& body) {
    ArchivedPrediction made;
    made.id = Uuid::parse(header(answer, "X-Request-Id")).value();
    made.user = user;
    made.body_digest = sha256_hex(body);
    made.prediction = prediction_from_json(boost::json::parse(answer.body)).value();
    return made;
}

std::string header(const http::Response& response, const std::string& name) {
    return std::string(response.headers.find(name).value_or(""));
}

}  // namespace nearline::test
