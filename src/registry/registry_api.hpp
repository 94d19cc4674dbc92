#pragma once

#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <functional>

#include "http/server.hpp"
#include "registry/embedded_registry.hpp"

namespace nearline::registry {

/// A problem as Confluent's clients read it; for http::ServerOptions::write_problem of the API's server. A path
/// or method that is not there is "HTTP 404 Not Found", "HTTP 405 Method Not Allowed", as Confluent words it.
http::Response write_problem(const Problem& problem);

/// Confluent's REST API on an embedded registry: bodies and errors as Confluent's clients expect them
/// (application/vnd.schemaregistry.v1+json; errors {"error_code", "message"}). There is no authentication:
/// an Authorization header is not looked at.
///
/// Requests run on one thread of its own, one after another, since changes wait for the disk; more than 1,000
/// waiting are answered 503.
class RegistryApi {
public:
    /// `registry` must outlive it.
    explicit RegistryApi(EmbeddedRegistry& registry);
    /// For the end of the process: a comparison of schemas that is under way is given up, and what waits is answered
    /// 503. Thread-safe.
    void give_up() noexcept;
    /// Gives up, and ends its thread. After the server that uses routes() was stopped, before its loop is destroyed.
    ~RegistryApi();
    RegistryApi(const RegistryApi&) = delete;
    RegistryApi& operator=(const RegistryApi&) = delete;

    http::Router routes();

private:
    using Work = http::Response (*)(EmbeddedRegistry&, const http::Request&);
    http::Handler on_thread(Work work);
    http::Response answer(Work work, const http::Request& request);

    EmbeddedRegistry& registry_;
    boost::asio::thread_pool pool_{1};
    std::atomic<int> waiting_{0};
    std::atomic<bool> stopping_{false};
};

}  // namespace nearline::registry
