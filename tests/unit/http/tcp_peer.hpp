#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace nearline::test {

/// A server that answers byte for byte what it is told, for the client's hard cases. Each script serves one
/// connection: for every request that comes (up to its empty line), the next answer. After the last one,
/// the connection is closed when another request comes or the client closes.
class TcpPeer {
public:
    static inline const std::string close_on_request = "close";
    /// As an answer: ends the connection from this side without a request, and waits for the client to do so.
    static inline const std::string end_and_wait = "end";

    TcpPeer();
    ~TcpPeer();
    std::string url() const;
    void script(std::vector<std::string> answers);
    int accepted() const;
    /// Whether the client has closed, within 10 s, after end_and_wait.
    bool client_closed();

private:
    void run();
    void serve(int client, const std::vector<std::string>& answers);

    int port_ = 0;
    int listener_ = -1;
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<std::vector<std::string>> scripts_;
    int accepted_ = 0;
    bool client_closed_ = false;
    std::thread thread_;
};

/// A port that nobody listens on (it was free a moment ago).
int unused_port();

}  // namespace nearline::test
