#include "http/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "http/client_pool.hpp"

namespace nearline::http {

Client::Client(EventLoop& loop, const std::string& url, std::size_t max_connections, std::size_t max_body)
    : pool_(std::make_shared<ClientPool>(loop.context(), url, max_connections, max_body)) {}

Client::~Client() = default;

boost::asio::awaitable<Response> Client::send(ClientRequest request) {
    return ClientPool::send(pool_, std::move(request));
}

struct BlockingClient::Impl {
    explicit Impl(const std::string& url) : pool(std::make_shared<ClientPool>(context, url, 1, 64 << 20)) {}
    // Runs only while a request is under way; the kept connection waits in it meanwhile.
    boost::asio::io_context context{1};
    std::shared_ptr<ClientPool> pool;
};

BlockingClient::BlockingClient(const std::string& url) : impl_(std::make_unique<Impl>(url)) {}

BlockingClient::~BlockingClient() = default;

Response BlockingClient::send(const ClientRequest& request) {
    auto answer =
        boost::asio::co_spawn(impl_->context, ClientPool::send(impl_->pool, request), boost::asio::use_future);
    impl_->context.restart();
    while (answer.wait_for(std::chrono::seconds(0)) != std::future_status::ready) impl_->context.run_one();
    return answer.get();
}

Response fetch(const std::string& url, ClientRequest request) {
    const auto parts = parse_url(url);
    request.target = parts.path.empty() ? "/" : parts.path;
    return BlockingClient("http://" + parts.authority).send(request);
}

}  // namespace nearline::http
