#pragma once

#include <memory>
#include <string>

#include "app/options.hpp"
#include "app/process.hpp"
#include "domain/prediction_reader.hpp"
#include "gateway/service.hpp"
#include "http/event_loop.hpp"
#include "schema/registry.hpp"
#include "schema/topic_codec.hpp"
#include "stream/stream.hpp"
#include "token/jwt.hpp"
#include "token/location_signer.hpp"

namespace nearline::app {

using GatewayOptions = gateway::Options;

/// What the topics' settings do not say already. `auth_url`: whether it is a setting, too.
void declare(Settings& settings, GatewayOptions& options, bool auth_url);

/// gateway-svc in a process: its service, and its server on a loop of its own.
class GatewayPart {
public:
    /// Binds the port. `archive`: null where predictions are not read back from one. All that is handed over must
    /// outlive it. Throws ConfigurationError.
    GatewayPart(Process& process, ReadyGate& ready, GatewayOptions options, const TopicsOptions& topics,
                const std::string& stream_name, stream::Stream& stream, schema::Registry& registry,
                const std::string& jwt_secret, const ListenOptions& listen, int port, const std::string& port_flag,
                PredictionReader* archive = nullptr);

    void add_to(Lifecycle& lifecycle);
    std::string url() const { return server_->url(); }

private:
    schema::TopicCodec input_;
    schema::TopicCodec output_;
    token::Jwt jwt_;
    token::LocationSigner signer_;
    http::EventLoop loop_{"gateway"};
    gateway::Service service_;
    std::unique_ptr<http::Server> server_;
};

}  // namespace nearline::app
