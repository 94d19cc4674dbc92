#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "domain/prediction.hpp"
#include "schema/topic_codec.hpp"
#include "stream/stream.hpp"

namespace nearline::test {

/// A small prediction service on any stream: answers every record of the input topic, with the features as
/// they came and "setosa", or what `answer` makes of it. Carries the headers over.
class Worker {
public:
    using Make = std::function<Prediction(Prediction)>;

    explicit Worker(
        stream::Stream& stream, schema::Registry& registry, Make answer = [](Prediction p) { return p; });
    ~Worker();

    /// Records taken so far.
    int taken() const { return taken_; }
    /// The headers of the last record taken.
    std::vector<stream::Header> last_headers() const;

private:
    void run();
    void answer(const stream::ConsumedRecord& record);

    stream::Stream& stream_;
    schema::TopicCodec input_;
    schema::TopicCodec output_;
    Make make_;
    std::unique_ptr<stream::Producer> producer_;
    std::atomic<int> taken_{0};
    std::atomic<bool> stopping_{false};
    mutable std::mutex mutex_;
    std::vector<stream::Header> headers_;
    std::thread thread_;
};

}  // namespace nearline::test
