#include "stream/kafka/client.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <vector>

#include "runtime/log.hpp"
#include "stream/kafka/client_log.hpp"

namespace nearline::stream::kafka {
namespace {

/// Set by Nearline from its own settings, or what its promises rest on.
constexpr std::array<std::pair<std::string_view, std::string_view>, 17> reserved{{
    {"bootstrap.servers", "--stream names the brokers"},
    {"metadata.broker.list", "--stream names the brokers"},
    {"group.id", "groups are named by --group-prefix"},
    {"group.instance.id", "a restarted service would wait for its own ghost"},
    {"acks", "an accepted request is acknowledged by all in-sync replicas"},
    {"request.required.acks", "an accepted request is acknowledged by all in-sync replicas"},
    {"enable.idempotence", "a record that is sent again must be stored once"},
    {"max.in.flight.requests.per.connection", "what failed would count as stored where a later request was"},
    {"max.in.flight", "what failed would count as stored where a later request was"},
    {"message.timeout.ms", "it has to stay below the HTTP deadline"},
    {"delivery.timeout.ms", "it has to stay below the HTTP deadline"},
    {"isolation.level", "readers are read-committed"},
    {"enable.auto.commit", "an offset is committed when its record has ended"},
    {"enable.auto.offset.store", "an offset is committed when its record has ended"},
    {"auto.offset.reset", "a group without a commit starts at the earliest record"},
    {"transactional.id", "each process has one of its own"},
    {"transaction.timeout.ms", "so long readers wait for a process that was killed"},
}};

void on_log(const rd_kafka_t* client, int level, const char* facility, const char* text) {
    log_line(rd_kafka_name(client), level, facility, text);
}

/// Connection errors come here as well as to on_log, which librdkafka itself keeps from repeating.
void on_error(rd_kafka_t* client, int error, const char* /*reason*/, void* opaque) {
    if (error != RD_KAFKA_RESP_ERR__FATAL) return;
    std::array<char, 512> why{};
    // Whose transactional id another one has taken over is shut out as it should be.
    const bool is_fenced = rd_kafka_fatal_error(client, why.data(), why.size()) == RD_KAFKA_RESP_ERR__FENCED;
    log::write(is_fenced ? log::Level::warning : log::Level::error, "kafka client failed for good",
               {{"client", rd_kafka_name(client)}, {"why", why.data()}});
    static_cast<Observer*>(opaque)->fatal(why.data());
}

void on_delivery(rd_kafka_t* /*client*/, const rd_kafka_message_t* message, void* opaque) {
    static_cast<Observer*>(opaque)->delivered(*message);
}

void on_rebalance(rd_kafka_t* /*client*/, rd_kafka_resp_err_t what, rd_kafka_topic_partition_list_t* partitions,
                  void* opaque) {
    static_cast<Observer*>(opaque)->rebalance(what, partitions);
}

/// A host that vanished without a word is noticed in 20 s, not in TCP's two hours: a JoinGroup may wait
/// for its answer for minutes by right, so that no time-out of librdkafka's would end it sooner.
int on_socket(int domain, int type, int protocol, void* /*opaque*/) {
    const int socket = ::socket(domain, type | SOCK_CLOEXEC, protocol);
    if (socket < 0) return -1;
    const auto set = [socket](int level, int option, int value) {
        ::setsockopt(socket, level, option, &value, sizeof value);
    };
    set(SOL_SOCKET, SO_KEEPALIVE, 1);
    set(IPPROTO_TCP, TCP_KEEPIDLE, 10);
    set(IPPROTO_TCP, TCP_KEEPINTVL, 3);
    set(IPPROTO_TCP, TCP_KEEPCNT, 3);
    set(IPPROTO_TCP, TCP_USER_TIMEOUT, 20'000);
    return socket;
}

void set(rd_kafka_conf_t* conf, const std::string& key, const std::string& value) {
    std::array<char, 512> why{};
    if (rd_kafka_conf_set(conf, key.c_str(), value.c_str(), why.data(), why.size()) != RD_KAFKA_CONF_OK) {
        throw std::invalid_argument("'" + key + "': " + why.data());
    }
}

/// What no client could be made of ought to be freed by us, but librdkafka 2.8 has then freed parts of it
/// already. A few kilobytes are kept, at a start that fails.
void set_aside(rd_kafka_conf_t* conf) {
    static std::mutex mutex;
    static auto& kept = *new std::vector<rd_kafka_conf_t*>;  // never destroyed, so that it is no leak
    const std::scoped_lock lock(mutex);
    kept.push_back(conf);
}

}  // namespace

void check_properties(const Properties& properties) {
    for (const auto& [key, value] : properties) {
        if (const auto wrong = wrong_with_property(key, value); !wrong.empty()) throw std::invalid_argument(wrong);
    }
}

std::string wrong_with_property(const std::string& key, const std::string& value) {
    const auto found = std::find_if(reserved.begin(), reserved.end(), [&](const auto& r) { return r.first == key; });
    if (found != reserved.end()) return "'" + key + "' is Nearline's to set: " + std::string(found->second);
    const Conf conf(rd_kafka_conf_new());
    try {
        set(conf.get(), key, value);
        return "";
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
}

Client make_client(const Cluster& cluster, rd_kafka_type_t type, const Properties& defaults, Observer& observer) {
    Properties merged{
        {"bootstrap.servers", cluster.bootstrap},
        {"client.id", cluster.client_id},
        {"socket.nagle.disable", "true"},
        {"socket.timeout.ms", "10000"},
        {"socket.connection.setup.timeout.ms", "5000"},
        {"reconnect.backoff.ms", "50"},
        {"reconnect.backoff.max.ms", "1000"},
        {"retry.backoff.max.ms", "1000"},
        // New topics and partitions are seen within this; 5 min by default.
        {"topic.metadata.refresh.interval.ms", "10000"},
        {"allow.auto.create.topics", "false"},
        {"log.connection.close", "false"},
        // The broker's operator did not ask us to report about ourselves (KIP-714).
        {"enable.metrics.push", "false"},
    };
    for (const auto& [key, value] : defaults) merged[key] = value;
    for (const auto& [key, value] : cluster.properties) merged[key] = value;

    Conf conf(rd_kafka_conf_new());
    for (const auto& [key, value] : merged) set(conf.get(), key, value);
    rd_kafka_conf_set_opaque(conf.get(), &observer);
    rd_kafka_conf_set_log_cb(conf.get(), on_log);
    rd_kafka_conf_set_error_cb(conf.get(), on_error);
    rd_kafka_conf_set_socket_cb(conf.get(), on_socket);
    if (defaults.contains("group.id")) rd_kafka_conf_set_rebalance_cb(conf.get(), on_rebalance);
    if (defaults.contains("transactional.id")) {
        // A commit waits for the reports, and calls this meanwhile: reports as events it would wait for in vain.
        rd_kafka_conf_set_dr_msg_cb(conf.get(), on_delivery);
    } else if (type == RD_KAFKA_PRODUCER) {
        rd_kafka_conf_set_events(conf.get(), RD_KAFKA_EVENT_DR);
    }

    std::array<char, 512> why{};
    auto* const raw = conf.release();  // the client's from now on
    Client client(rd_kafka_new(type, raw, why.data(), why.size()));
    if (!client) {
        set_aside(raw);
        throw std::invalid_argument(why.data());
    }
    return client;
}

int to_ms(std::chrono::milliseconds time) noexcept {
    return static_cast<int>(std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<int>::max()));
}

int remaining_ms(Clock::time_point deadline) noexcept {
    return to_ms(std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()));
}

std::string words(rd_kafka_resp_err_t error) {
    return std::string(rd_kafka_err2name(error)) + ": " + rd_kafka_err2str(error);
}

Partitions to_list(const std::vector<TopicPartition>& partitions) {
    Partitions list(rd_kafka_topic_partition_list_new(static_cast<int>(partitions.size())));
    for (const auto& at : partitions) rd_kafka_topic_partition_list_add(list.get(), at.topic.c_str(), at.partition);
    return list;
}

std::vector<TopicPartition> from_list(const rd_kafka_topic_partition_list_t& list) {
    std::vector<TopicPartition> partitions;
    partitions.reserve(static_cast<std::size_t>(list.cnt));
    for (int i = 0; i < list.cnt; ++i) partitions.push_back({list.elems[i].topic, list.elems[i].partition});
    return partitions;
}

}  // namespace nearline::stream::kafka
