// What Nearline's stream adds to librdkafka: the way of one request through a broker (produce to one topic, an echo
// thread that consumes and produces to another, consume) with bare librdkafka and through the stream's
// interface, in turns, both warmed and with the settings of the services: topics of 12 partitions, any of which a
// record can go to, records like a request's, acks=all, idempotent, one request at a time, no linger.
//
//     kafka_ping_pong HOST:PORT [ROUNDS [PARTITIONS]]         default: 5000 rounds each with one in flight
//     kafka_ping_pong --json HOST:PORT [ROUNDS [PARTITIONS]]  one line of JSON: milliseconds with one in flight,
//                                                             and rounds a second with 64

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <librdkafka/rdkafka.h>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/log.hpp"
#include "runtime/metrics.hpp"
#include "stream/stream.hpp"

namespace {

using namespace nearline;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// About an observation with its frame, and what a gateway adds.
const std::string value(120, 'x');
const std::array<std::pair<const char*, std::string>, 4> headers{{{"request-id", std::string(36, 'x')},
                                                                  {"user", std::string(36, 'x')},
                                                                  {"reply-partition", "7"},
                                                                  {"body-digest", std::string(64, 'x')}}};

struct Topic {
    std::string name;
    int partitions;
};

/// A way there and back.
class PingPong {
public:
    virtual ~PingPong() = default;
    virtual void send() = 0;
    /// How many came back, one at least.
    virtual std::size_t receive() = 0;
};

// --- bare -----------------------------------------------------------------------------------

struct DestroyClient {
    void operator()(rd_kafka_t* client) const noexcept { rd_kafka_destroy(client); }
};
using Client = std::unique_ptr<rd_kafka_t, DestroyClient>;

Client make_client(rd_kafka_type_t type, const std::vector<std::pair<std::string, std::string>>& settings) {
    rd_kafka_conf_t* conf = rd_kafka_conf_new();
    std::array<char, 256> why{};
    for (const auto& [key, setting] : settings) {
        if (rd_kafka_conf_set(conf, key.c_str(), setting.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
            throw std::runtime_error(why.data());
        }
    }
    Client client(rd_kafka_new(type, conf, why.data(), why.size()));
    if (!client) throw std::runtime_error(why.data());
    return client;
}

class BarePingPong : public PingPong {
public:
    BarePingPong(const std::string& broker, Topic there, Topic back)
        : there_(std::move(there)),
          back_(std::move(back)),
          client_producer_(producer(broker)),
          echo_producer_(producer(broker)),
          client_consumer_(consumer(broker, back_)),
          echo_consumer_(consumer(broker, there_)),
          echo_([this] { echo(); }) {}
    ~BarePingPong() override {
        stop_ = true;
        echo_.join();
        for (auto* each : {client_consumer_.get(), echo_consumer_.get()}) rd_kafka_consumer_close(each);
    }
    BarePingPong(const BarePingPong&) = delete;
    BarePingPong& operator=(const BarePingPong&) = delete;

    void send() override { produce(client_producer_.get(), there_); }
    std::size_t receive() override {
        std::size_t count = 0;
        while (auto* message = rd_kafka_consumer_poll(client_consumer_.get(), count == 0 ? 10'000 : 0)) {
            count += message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            rd_kafka_message_destroy(message);
        }
        if (count == 0) throw std::runtime_error("nothing came back");
        return count;
    }

private:
    static Client producer(const std::string& broker) {
        return make_client(RD_KAFKA_PRODUCER, {{"bootstrap.servers", broker},
                                               {"socket.nagle.disable", "true"},
                                               {"acks", "all"},
                                               {"enable.idempotence", "true"},
                                               {"linger.ms", "0"},
                                               {"sticky.partitioning.linger.ms", "3"},
                                               {"queue.buffering.backpressure.threshold", "1"},
                                               {"max.in.flight.requests.per.connection", "1"},
                                               {"partitioner", "murmur2_random"}});
    }
    static Client consumer(const std::string& broker, const Topic& topic) {
        auto client = make_client(RD_KAFKA_CONSUMER, {{"bootstrap.servers", broker},
                                                      {"socket.nagle.disable", "true"},
                                                      {"group.id", topic.name + "-bare"},
                                                      {"enable.auto.commit", "false"},
                                                      {"isolation.level", "read_committed"},
                                                      {"fetch.wait.max.ms", "100"}});
        rd_kafka_poll_set_consumer(client.get());
        auto* list = rd_kafka_topic_partition_list_new(topic.partitions);
        for (int i = 0; i < topic.partitions; ++i) {
            rd_kafka_topic_partition_list_add(list, topic.name.c_str(), i)->offset = RD_KAFKA_OFFSET_BEGINNING;
        }
        rd_kafka_assign(client.get(), list);
        rd_kafka_topic_partition_list_destroy(list);
        return client;
    }
    static void produce(rd_kafka_t* client, const Topic& topic) {
        auto* all = rd_kafka_headers_new(headers.size());
        for (const auto& [name, text] : headers) {
            rd_kafka_header_add(all, name, -1, text.data(), static_cast<ssize_t>(text.size()));
        }
        const auto error = rd_kafka_producev(
            client, RD_KAFKA_V_TOPIC(topic.name.c_str()), RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
            RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()), RD_KAFKA_V_HEADERS(all), RD_KAFKA_V_END);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR) throw std::runtime_error(rd_kafka_err2str(error));
        rd_kafka_poll(client, 0);
    }
    void echo() {
        while (!stop_) {
            auto* message = rd_kafka_consumer_poll(echo_consumer_.get(), 200);
            if (message == nullptr) continue;
            if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) produce(echo_producer_.get(), back_);
            rd_kafka_message_destroy(message);
        }
    }

    const Topic there_, back_;
    Client client_producer_, echo_producer_, client_consumer_, echo_consumer_;
    std::atomic<bool> stop_ = false;
    std::thread echo_;
};

// --- ours -----------------------------------------------------------------------------------

class StreamPingPong : public PingPong {
public:
    StreamPingPong(stream::Stream& stream, Topic there, Topic back)
        : there_(std::move(there)),
          back_(std::move(back)),
          client_producer_(stream.producer({})),
          echo_producer_(stream.producer({})),
          reader_(stream.reader()),
          consumer_(stream.consumer({.group = there_.name + "-group", .topics = {there_.name}}, {})),
          echo_([this] { echo(); }) {
        for (int i = 0; i < back_.partitions; ++i) reader_->assign({{{back_.name, i}, 0}});
        client_producer_->warm_up(there_.name, 10s);
        echo_producer_->warm_up(back_.name, 10s);
    }
    ~StreamPingPong() override {
        stop_ = true;
        consumer_->wake();
        echo_.join();
    }
    StreamPingPong(const StreamPingPong&) = delete;
    StreamPingPong& operator=(const StreamPingPong&) = delete;

    void send() override { produce(*client_producer_, there_); }
    std::size_t receive() override {
        const auto count = reader_->poll(10'000, 10s).size();
        if (count == 0) throw std::runtime_error("nothing came back");
        return count;
    }

private:
    static void produce(stream::Producer& producer, const Topic& topic) {
        stream::Record record{.value = value};
        for (const auto& [name, text] : headers) record.headers.push_back({name, text});
        producer.produce(topic.name, {}, std::move(record), [](const stream::Delivery& delivery) {
            if (delivery.outcome != stream::Delivery::Outcome::stored) {
                std::fprintf(stderr, "kafka_ping_pong: %s\n", delivery.reason.c_str());
                std::abort();
            }
        });
    }
    void echo() {
        while (!stop_) {
            for (std::size_t i = consumer_->poll(10'000, 1s).size(); i > 0; --i) produce(*echo_producer_, back_);
        }
    }

    const Topic there_, back_;
    std::unique_ptr<stream::Producer> client_producer_, echo_producer_;
    std::unique_ptr<stream::Reader> reader_;
    std::unique_ptr<stream::GroupConsumer> consumer_;
    std::atomic<bool> stop_ = false;
    std::thread echo_;
};

// --- measuring ------------------------------------------------------------------------------

/// Milliseconds of each round with one in flight.
void run_rounds(PingPong& way, int rounds, std::vector<double>& times) {
    for (int i = 0; i < rounds; ++i) {
        const auto start = Clock::now();
        way.send();
        way.receive();
        times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    }
}

double cpu_seconds() {
    timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

struct Throughput {
    double rounds_a_second;
    double cpu_microseconds;  // of this process, for each round
};

Throughput run_window(PingPong& way, std::size_t window, std::size_t rounds) {
    const auto start = Clock::now();
    const double cpu = cpu_seconds();
    std::size_t sent = 0, received = 0;
    while (sent < window) way.send(), ++sent;
    while (received < rounds) {
        const auto count = way.receive();
        received += count;
        for (std::size_t i = 0; i < count && sent < rounds; ++i, ++sent) way.send();
    }
    const double count = static_cast<double>(rounds);
    return {count / std::chrono::duration<double>(Clock::now() - start).count(), (cpu_seconds() - cpu) / count * 1e6};
}

double percentile(std::vector<double>& times, double part) {
    std::sort(times.begin(), times.end());
    return times[std::min(times.size() - 1, static_cast<std::size_t>(static_cast<double>(times.size()) * part))];
}

void report_one_in_flight(std::vector<double>& bare, std::vector<double>& ours) {
    const double bare_p50 = percentile(bare, 0.5), our_p50 = percentile(ours, 0.5);
    std::printf("one in flight, %zu rounds each\n", bare.size());
    std::printf("  bare librdkafka  p50 %.3f ms  p99 %.3f ms\n", bare_p50, percentile(bare, 0.99));
    std::printf("  stream           p50 %.3f ms  p99 %.3f ms\n", our_p50, percentile(ours, 0.99));
    std::printf("  p50 ratio        %.3f\n", our_p50 / bare_p50);
}

std::pair<Throughput, Throughput> run_both(PingPong& bare, PingPong& ours, std::size_t window) {
    run_window(bare, window, window * 5);
    run_window(ours, window, window * 5);
    const auto bare_figures = run_window(bare, window, window * 100);
    return {bare_figures, run_window(ours, window, window * 100)};
}

void run(const std::string& broker, int rounds, int partitions, bool json) {
    Metrics metrics;
    const auto stream = stream::open_kafka(broker, {}, "kafka-ping-pong", metrics);
    const auto run = std::to_string(std::random_device{}());
    std::vector<Topic> topics;
    for (const auto* name : {"bare-there-", "bare-back-", "there-", "back-"})
        topics.push_back({name + run, partitions});
    const auto admin = stream->admin(30s);
    for (const auto& topic : topics) admin->create_topic(topic.name, {.partitions = partitions, .retention = 1h});

    BarePingPong bare(broker, topics[0], topics[1]);
    StreamPingPong ours(*stream, topics[2], topics[3]);
    std::vector<double> warm, bare_times, our_times;
    for (PingPong* each : {static_cast<PingPong*>(&bare), static_cast<PingPong*>(&ours)})
        run_rounds(*each, rounds / 5, warm);
    constexpr int turns = 10;  // what else the machine does hits both alike
    for (int turn = 0; turn < turns; ++turn) {
        run_rounds(bare, rounds / turns, bare_times);
        run_rounds(ours, rounds / turns, our_times);
    }
    if (json) {
        const auto [bare_many, our_many] = run_both(bare, ours, 64);
        std::printf(
            "{\"bare\": {\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"per_second\": %.0f}, "
            "\"stream\": {\"p50_ms\": %.4f, \"p99_ms\": %.4f, \"per_second\": %.0f}}\n",
            percentile(bare_times, 0.5), percentile(bare_times, 0.99), bare_many.rounds_a_second,
            percentile(our_times, 0.5), percentile(our_times, 0.99), our_many.rounds_a_second);
        return;
    }
    report_one_in_flight(bare_times, our_times);
    for (const std::size_t window : {16, 256, 2'000}) {
        const auto [bare_many, our_many] = run_both(bare, ours, window);
        std::printf("%zu in flight: bare %.0f/s with %.1f us of CPU each, stream %.0f/s with %.1f us\n", window,
                    bare_many.rounds_a_second, bare_many.cpu_microseconds, our_many.rounds_a_second,
                    our_many.cpu_microseconds);
    }
}

}  // namespace

int main(int argc, char** argv) {
    std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool json = !arguments.empty() && arguments[0] == "--json";
    if (json) arguments.erase(arguments.begin());
    if (arguments.empty()) {
        std::fprintf(stderr, "usage: kafka_ping_pong [--json] HOST:PORT [ROUNDS [PARTITIONS]]\n");
        return 2;
    }
    nearline::log::configure(nearline::log::Level::warning, nearline::log::Format::text);
    try {
        const auto number = [&](std::size_t index, int least, int otherwise) {
            return index < arguments.size() ? std::max(least, std::atoi(arguments[index].c_str())) : otherwise;
        };
        run(arguments[0], number(1, 100, 5'000), number(2, 1, 12), json);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "kafka_ping_pong: %s\n", error.what());
        return 1;
    }
    return 0;
}
