#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace nearline::test {

/// A plain blocking socket that sends bytes as they are: what a test needs to be an impolite client.
class RawClient {
public:
    explicit RawClient(int port, int receive_buffer = 0);
    ~RawClient();
    RawClient(const RawClient&) = delete;
    RawClient& operator=(const RawClient&) = delete;

    /// False when the server has closed.
    bool send(std::string_view bytes);
    /// Nothing more comes from here.
    void shutdown_send();
    /// Closes at once; with `reset` by RST.
    void close(bool reset = false);

    struct Answer {
        int status = 0;  ///< 0: the connection ended before an answer
        std::string header{};
        std::string body{};
        std::string field(std::string_view name) const;  ///< "" if it is not there
    };
    /// The next answer; `has_body` is false for the answer to HEAD.
    Answer read_answer(bool has_body = true);
    /// Whatever comes until the server closes, or "" and closed() false when it does not within the time.
    std::string read_to_end(std::chrono::milliseconds time = std::chrono::seconds(10));
    bool closed() const noexcept { return closed_; }

    Answer ask(std::string_view request) {
        send(request);
        return read_answer();
    }

private:
    bool receive(std::chrono::milliseconds time);
    int socket_ = -1;
    std::string buffer_;
    bool closed_ = false;
};

}  // namespace nearline::test
