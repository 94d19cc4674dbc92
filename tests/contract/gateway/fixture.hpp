#pragma once

#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "domain/prediction_reader.hpp"
#include "gateway/service.hpp"
#include "http/client.hpp"
#include "http/server.hpp"
#include "registry/embedded_registry.hpp"
#include "stream/stream.hpp"
#include "support/temp_dir.hpp"
#include "token/jwt.hpp"
#include "token/location_signer.hpp"

namespace nearline::test {

inline const std::string secret(48, 's');
inline const std::string setosa = R"({"sepal_length":5.2,"sepal_width":3.6,"petal_length":1.5,"petal_width":0.3})";

/// Whether the condition holds within the time; looks every few milliseconds.
bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds time = std::chrono::seconds(20));

/// What gateways and workers share: an embedded stream and a registry.
struct World {
    explicit World(int partitions = 12);

    std::int64_t records(const std::string& topic);

    Metrics metrics{};
    TempDir dir{};
    std::unique_ptr<stream::Stream> stream;
    registry::EmbeddedRegistry registry;
    PredictionReader* archive = nullptr;  // of gateways made from now on
};

/// A user with a token, as auth-svc would have made it.
struct Person {
    Uuid id = Uuid::random();
    std::string name = "somebody@example.com";
    bool admin = false;

    std::string token(std::int64_t lifetime = 3600, std::int64_t age = 0) const;
    std::string authorization() const { return "Bearer " + token(); }
};

/// A gateway with its server on a port of its own.
class Gateway {
public:
    explicit Gateway(
        World& world, const std::function<void(gateway::Options&)>& set = [](gateway::Options&) {},
        stream::Stream* stream = nullptr, schema::Registry* registry = nullptr);
    ~Gateway();

    Gateway& wait_until_ready();
    /// Until the group has given it so many partitions, and it reads them.
    Gateway& wait_until_owning(int partitions);
    bool is_ready() const { return health_.readyz().status == 200; }
    std::string missing() const { return health_.readyz().body; }
    /// As SIGTERM would; blocks.
    void stop(std::chrono::milliseconds drain_time = std::chrono::seconds(5));

    http::Response send(http::ClientRequest request) const;
    http::Response predict(const Person& person, std::string body = setosa, http::Headers headers = {}) const;
    http::Response get(const Person& person, const std::string& path) const;
    std::string url() const { return server_->url(); }
    int port() const { return server_->port(); }
    const http::Router& routes() const { return routes_; }

    double count(const std::string& name, const Labels& labels = {}) const;

private:
    Metrics metrics_;
    Health health_{metrics_};
    schema::TopicCodec input_;
    schema::TopicCodec output_;
    token::Jwt jwt_{secret};
    token::LocationSigner signer_{secret};
    http::EventLoop loop_{"gateway"};
    std::unique_ptr<gateway::Service> service_;
    http::Router routes_;
    std::unique_ptr<http::Server> server_;
};

/// What an answer of POST /predict becomes in the archive.
ArchivedPrediction archived_from(const http::Response& answer, const Uuid& user, const std::string& body);

std::string header(const http::Response& response, const std::string& name);

}  // namespace nearline::test
