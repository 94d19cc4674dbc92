#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "domain/prediction_reader.hpp"
#include "gateway/options.hpp"
#include "http/event_loop.hpp"
#include "http/server.hpp"
#include "runtime/health.hpp"
#include "runtime/metrics.hpp"
#include "schema/topic_codec.hpp"
#include "stream/stream.hpp"
#include "token/jwt.hpp"
#include "token/location_signer.hpp"

namespace nearline::gateway {

/// gateway-svc: takes requests for predictions over HTTP, puts them on the input topic and brings the
/// answers from the output topic back to whoever waits.
///
/// Needs nothing to be there when it starts: it waits for the stream and the schema registry, makes topics
/// that are missing, and meanwhile answers 503.
class Service {
public:
    /// All of them must outlive it, and the server that serves its routes.
    struct Parts {
        stream::Stream& stream;
        schema::TopicCodec& input;   ///< of the input topic; the service connects it
        schema::TopicCodec& output;  ///< of the output topic; likewise
        const token::Jwt& jwt;
        const token::LocationSigner& signer;
        http::EventLoop& loop;
        Metrics& metrics;
        Health& health;
        std::function<void()> on_ready = [] {};  ///< once, when it could answer; on the loop's thread
        PredictionReader* archive = nullptr;     ///< null: reads back only what this gateway saw itself
    };
    /// Throws std::invalid_argument for an auth URL that is none.
    Service(const Parts& parts, Options options);
    /// As stop().
    ~Service();

    /// POST /predict, GET /predictions/{id}, GET /predictions, GET /, GET /openapi.json; with an auth URL POST /login,
    /// /validate and /register. Without http::operations_routes(), which the document describes as well: the server has
    /// to have them.
    http::Router routes() const;

    /// The loop has to run. Does not wait for anything.
    void start();
    /// From now on nobody waits longer than until shortly before the deadline; does not wait itself. To be
    /// called before the server drains, which waits for the requests under way.
    void drain(std::chrono::steady_clock::time_point deadline);
    /// Answers what still waits, leaves the group, ends all threads. The loop still has to run; not from
    /// its thread. Must come after the server has stopped taking requests.
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace nearline::gateway
