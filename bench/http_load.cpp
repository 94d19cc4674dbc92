// A closed loop of POST /predict over kept connections: each sends its next request when it has the
// answer to the last. Prints one line of JSON: requests, errors, seconds, latencies in milliseconds.
//
//   http_load HOST PORT TOKEN CONNECTIONS SECONDS

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <netinet/tcp.h>
#include <string>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

struct Connection {
    int socket = -1;
    std::string received{};
    Clock::time_point sent{};
};

[[noreturn]] void fail(const char* what) {
    std::perror(what);
    std::exit(1);
}

int connect_to(const char* host, int port) {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    if (socket < 0) fail("socket");
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    if (::inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("inet_pton");
    if (::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("connect");
    return socket;
}

std::string make_request(const char* host, const char* token) {
    const std::string body = R"({"sepal_length":5.2,"sepal_width":3.6,"petal_length":1.5,"petal_width":0.3})";
    return std::string("POST /predict HTTP/1.1\r\nHost: ") + host + "\r\nAuthorization: Bearer " + token +
           "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// The length of the whole answer at the front of the text, or 0 while it is not all there.
std::size_t whole_answer(std::string_view text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string_view::npos) return 0;
    constexpr std::string_view name = "\r\nContent-Length: ";
    const auto field = text.substr(0, end + 2).find(name);
    if (field == std::string_view::npos) fail("no Content-Length in the answer");
    std::size_t length = 0;
    std::from_chars(text.data() + field + name.size(), text.data() + end, length);
    const auto whole = end + 4 + length;
    return text.size() >= whole ? whole : 0;
}

double percentile(const std::vector<double>& sorted, double share) {
    return sorted[std::min(sorted.size() - 1, static_cast<std::size_t>(share * static_cast<double>(sorted.size())))];
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 6) {
        std::fprintf(stderr, "usage: http_load HOST PORT TOKEN CONNECTIONS SECONDS\n");
        return 2;
    }
    const auto request = make_request(argv[1], argv[3]);
    const int poller = ::epoll_create1(0);
    std::vector<Connection> connections(static_cast<std::size_t>(std::atoi(argv[4])));
    const auto send = [&](Connection& connection) {
        connection.sent = Clock::now();
        if (::send(connection.socket, request.data(), request.size(), MSG_NOSIGNAL) !=
            static_cast<ssize_t>(request.size())) {
            fail("send");
        }
    };
    for (auto& connection : connections) {
        connection.socket = connect_to(argv[1], std::atoi(argv[2]));
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.ptr = &connection;
        if (::epoll_ctl(poller, EPOLL_CTL_ADD, connection.socket, &event) != 0) fail("epoll_ctl");
    }

    const auto start = Clock::now();
    const auto end = start + std::chrono::duration<double>(std::atof(argv[5]));
    std::vector<double> latencies;
    std::size_t errors = 0;
    for (auto& connection : connections) send(connection);
    std::vector<epoll_event> events(connections.size());
    char buffer[16384];
    while (Clock::now() < end) {
        const int ready = ::epoll_wait(poller, events.data(), static_cast<int>(events.size()), 100);
        for (int i = 0; i < ready; ++i) {
            auto& connection = *static_cast<Connection*>(events[static_cast<std::size_t>(i)].data.ptr);
            const auto n = ::recv(connection.socket, buffer, sizeof buffer, 0);
            if (n <= 0) fail("the connection ended");
            connection.received.append(buffer, static_cast<std::size_t>(n));
            const auto length = whole_answer(connection.received);
            if (length == 0) continue;
            latencies.push_back(std::chrono::duration<double, std::milli>(Clock::now() - connection.sent).count());
            if (connection.received.compare(0, 12, "HTTP/1.1 200") != 0) ++errors;
            connection.received.erase(0, length);
            send(connection);
        }
    }
    const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
    if (latencies.empty()) fail("no answer in time");
    std::sort(latencies.begin(), latencies.end());
    std::printf("{\"requests\": %zu, \"errors\": %zu, \"seconds\": %.3f, \"p50_ms\": %.4f, \"p99_ms\": %.4f}\n",
                latencies.size(), errors, seconds, percentile(latencies, 0.5), percentile(latencies, 0.99));
    return 0;
}
