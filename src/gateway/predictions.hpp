#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <map>
#include <string>

#include "domain/claims.hpp"
#include "gateway/answer_keep.hpp"
#include "gateway/archive_reads.hpp"
#include "gateway/authenticator.hpp"
#include "gateway/backlog.hpp"
#include "gateway/callers.hpp"
#include "gateway/options.hpp"
#include "gateway/rate_limit.hpp"
#include "gateway/request_headers.hpp"
#include "http/message.hpp"
#include "runtime/metrics.hpp"
#include "schema/topic_codec.hpp"
#include "stream/producer.hpp"
#include "token/location_signer.hpp"

namespace nearline::gateway {

/// POST /predict. On the loop's thread.
class Predictions {
public:
    struct Parts {
        Authenticator& authenticator;
        Callers& callers;
        AnswerKeep& keep;
        ArchiveReads& archive;
        const std::string& stream_down;    ///< why it takes nothing now; empty: it does
        const std::string& registry_down;  ///< likewise; not empty until the input's schema is connected
        const BacklogEstimate& backlog;
        const std::chrono::milliseconds& max_backlog;  // 0 or less: as long as it gets
        const schema::TopicCodec& input;
        const token::LocationSigner& signer;
        Metrics& metrics;
    };
    Predictions(const Parts& parts, const Options& options);

    /// `producer` must outlive the requests; before it nothing is accepted.
    void open(stream::Producer& producer) {
        producer_ = &producer;
        parts_.callers.await_reports_of(producer);
    }

    /// Which dependency keeps it from accepting anything now; empty: none.
    std::string why_not_now() const;

    boost::asio::awaitable<http::Response> predict(const http::Request& request);

private:
    /// A request that may go to the topic.
    struct Asked {
        PendingAnswers::Question question;
        std::string json;
        std::string traceparent;
        Preferences preferences;
        std::chrono::milliseconds wait{0};
        bool repeatable = false;  // has an Idempotency-Key
    };

    Result<Asked> check(const http::Request& request, const Claims& claims);
    Result<PendingAnswers::Admitted> enter(const Asked& asked);
    void produce(const Asked& asked, const PendingAnswers::Admitted& admitted);
    boost::asio::awaitable<AnswerPtr> answer_to_repeat(const Asked& asked);
    http::Response repeat(const Asked& asked, const Answer& known, const std::string& request_id);
    Patience patience_for(const Asked& asked) const;
    std::string location_of(const Uuid& request_id, const Uuid& user) const;
    http::Response respond(const Asked& asked, const Ending& ending);
    http::Response refuse(Problem problem, const std::string& request_id);
    void count(const std::string& outcome);

    Parts parts_;
    const Options& options_;
    RateLimit rate_limit_;
    stream::Producer* producer_ = nullptr;
    Counter produced_;
    Histogram answer_seconds_;
    std::map<std::string, Counter> outcomes_;
};

}  // namespace nearline::gateway
