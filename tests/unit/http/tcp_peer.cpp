#include "unit/http/tcp_peer.hpp"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

namespace nearline::test {
namespace {

constexpr auto patience = std::chrono::seconds(10);

int listen_anywhere(int& port) {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::listen(listener, 16);
    socklen_t size = sizeof address;
    ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
    port = ntohs(address.sin_port);
    return listener;
}

/// False when the client has closed.
bool read_request(int client) {
    std::string request;
    std::array<char, 4096> bytes{};
    while (request.find("\r\n\r\n") == std::string::npos) {
        const auto size = ::recv(client, bytes.data(), bytes.size(), 0);
        if (size <= 0) return false;
        request.append(bytes.data(), static_cast<std::size_t>(size));
    }
    return true;
}

}  // namespace

TcpPeer::TcpPeer() : listener_(listen_anywhere(port_)), thread_([this] { run(); }) {}

TcpPeer::~TcpPeer() {
    // Wakes accept().
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
}

std::string TcpPeer::url() const {
    return "http://127.0.0.1:" + std::to_string(port_);
}

void TcpPeer::script(std::vector<std::string> answers) {
    const std::lock_guard lock(mutex_);
    scripts_.push_back(std::move(answers));
}

int TcpPeer::accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_;
}

bool TcpPeer::client_closed() {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, patience, [this] { return client_closed_; });
}

void TcpPeer::run() {
    for (;;) {
        const int client = ::accept(listener_, nullptr, nullptr);
        if (client < 0) return;
        std::vector<std::string> answers;
        {
            const std::lock_guard lock(mutex_);
            ++accepted_;
            if (!scripts_.empty()) {
                answers = std::move(scripts_.front());
                scripts_.pop_front();
            }
        }
        serve(client, answers);
        ::close(client);
    }
}

void TcpPeer::serve(int client, const std::vector<std::string>& answers) {
    for (const auto& answer : answers) {
        if (answer == end_and_wait) {
            ::shutdown(client, SHUT_WR);
            const timeval longest{patience.count(), 0};
            ::setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof longest);
            char byte = 0;
            const bool closed = ::recv(client, &byte, 1, 0) == 0;
            const std::lock_guard lock(mutex_);
            client_closed_ = closed;
            changed_.notify_all();
            return;
        }
        if (!read_request(client) || answer == close_on_request) return;
        ::send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
    }
}

int unused_port() {
    int port = 0;
    ::close(listen_anywhere(port));
    return port;
}

}  // namespace nearline::test
