#include "unit/http/raw_client.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "http/text.hpp"

namespace nearline::test {

RawClient::RawClient(int port, int receive_buffer) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    const int one = 1;
    ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        throw std::system_error(errno, std::generic_category(), "connect");
}

RawClient::~RawClient() {
    close();
}

void RawClient::close(bool reset) {
    if (socket_ < 0) return;
    const linger now{1, 0};
    if (reset) ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(socket_);
    socket_ = -1;
}

bool RawClient::send(std::string_view bytes) {
    while (!bytes.empty()) {
        const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0) return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

void RawClient::shutdown_send() {
    ::shutdown(socket_, SHUT_WR);
}

bool RawClient::receive(std::chrono::milliseconds time) {
    pollfd wanted{socket_, POLLIN, 0};
    if (::poll(&wanted, 1, static_cast<int>(time.count())) <= 0) return false;
    std::array<char, 16384> bytes{};
    const auto size = ::recv(socket_, bytes.data(), bytes.size(), 0);
    if (size <= 0) {
        closed_ = true;
        return false;
    }
    buffer_.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
}

std::string RawClient::Answer::field(std::string_view name) const {
    std::string_view rest(header);
    while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find("\r\n"));
        rest.remove_prefix(std::min(rest.size(), line.size() + 2));
        const auto colon = line.find(':');
        if (colon != std::string_view::npos && http::equal_ignoring_case(line.substr(0, colon), name))
            return std::string(http::trim(line.substr(colon + 1)));
    }
    return {};
}

RawClient::Answer RawClient::read_answer(bool has_body) {
    constexpr std::chrono::seconds longest(20);
    Answer answer;
    std::size_t end = 0;
    while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
        if (!receive(longest)) return answer;
    answer.header = buffer_.substr(0, end + 2);
    buffer_.erase(0, end + 4);
    answer.status = std::stoi(answer.header.substr(9, 3));
    const auto length = answer.field("Content-Length");
    const std::size_t size = has_body && !length.empty() ? std::stoul(length) : 0;
    while (buffer_.size() < size)
        if (!receive(longest)) return {};
    answer.body = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return answer;
}

std::string RawClient::read_to_end(std::chrono::milliseconds time) {
    const auto deadline = std::chrono::steady_clock::now() + time;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
        if (left.count() <= 0 || !receive(left)) break;
    }
    return closed_ ? std::exchange(buffer_, {}) : std::string();
}

}  // namespace nearline::test
