#include "faulty_stream.hpp"

#include "domain/problem.hpp"

namespace nearline::test {
namespace {

using Outcome = stream::Delivery::Outcome;

class FaultyProducer : public stream::Producer {
public:
    FaultyProducer(FaultyStream& stream, std::unique_ptr<stream::Producer> real)
        : stream_(stream), real_(std::move(real)) {}

    void produce(const std::string& topic, std::optional<int> partition, stream::Record record,
                 stream::OnDelivery on_delivery) override {
        stream::Delivery delivery;
        delivery.at.topic = topic;
        switch (stream_.producing) {
            case FaultyStream::Producing::works:
                real_->produce(topic, partition, std::move(record), std::move(on_delivery));
                return;
            case FaultyStream::Producing::rejects:
                delivery.outcome = Outcome::rejected;
                delivery.reason = "no broker";
                break;
            case FaultyStream::Producing::too_large:
                delivery.outcome = Outcome::rejected;
                delivery.too_large = true;
                break;
            case FaultyStream::Producing::unknown_but:
                real_->produce(topic, partition, std::move(record), [](const stream::Delivery&) {});
                [[fallthrough]];
            case FaultyStream::Producing::unknown:
                delivery.outcome = Outcome::unknown;
                delivery.reason = "timed out";
                break;
            case FaultyStream::Producing::silent:
                real_->produce(topic, partition, std::move(record),
                               [&stream = stream_, on_delivery](const stream::Delivery& real) {
                                   stream.hold({on_delivery, real});
                               });
                return;
        }
        on_delivery(delivery);
    }
    bool flush(std::chrono::milliseconds time) override { return real_->flush(time); }
    std::size_t in_flight() const override { return real_->in_flight(); }
    void report_promptly(bool promptly) override {
        stream_.reports_promptly = promptly;
        real_->report_promptly(promptly);
    }

private:
    FaultyStream& stream_;
    std::unique_ptr<stream::Producer> real_;
};

class FaultyAdmin : public stream::Admin {
public:
    FaultyAdmin(FaultyStream& stream, std::unique_ptr<stream::Admin> real) : stream_(stream), real_(std::move(real)) {}

    std::string cluster_id() override { return there().cluster_id(); }
    std::vector<stream::TopicInfo> topics() override { return there().topics(); }
    std::optional<stream::TopicInfo> topic(const std::string& name) override { return there().topic(name); }
    bool create_topic(const std::string& name, const stream::TopicOptions& options) override {
        return there().create_topic(name, options);
    }
    std::chrono::milliseconds retention(const std::string& topic) override { return there().retention(topic); }
    stream::Watermarks watermarks(const stream::TopicPartition& at) override { return there().watermarks(at); }
    std::int64_t offset_at(const stream::TopicPartition& at, std::int64_t timestamp) override {
        return there().offset_at(at, timestamp);
    }
    void delete_records(const stream::TopicPartition& at, std::int64_t before) override {
        there().delete_records(at, before);
    }
    std::vector<stream::GroupInfo> groups() override { return there().groups(); }
    std::map<stream::TopicPartition, std::int64_t> committed(const std::string& group) override {
        return there().committed(group);
    }
    std::map<stream::TopicPartition, std::int64_t> committed(const std::string& group,
                                                             const std::string& topic) override {
        return there().committed(group, topic);
    }

private:
    stream::Admin& there() {
        if (stream_.away) throw Unavailable("no broker");
        return *real_;
    }
    FaultyStream& stream_;
    std::unique_ptr<stream::Admin> real_;
};

}  // namespace

void FaultyStream::hold(Held held) {
    const std::lock_guard lock(mutex_);
    held_.push_back(std::move(held));
}

void FaultyStream::report_all() {
    std::vector<Held> held;
    {
        const std::lock_guard lock(mutex_);
        held.swap(held_);
    }
    for (const auto& report : held) report.on_delivery(report.delivery);
}

std::unique_ptr<stream::Producer> FaultyStream::producer(const stream::ProducerOptions& options) {
    return std::make_unique<FaultyProducer>(*this, real_.producer(options));
}

std::unique_ptr<stream::GroupConsumer> FaultyStream::consumer(const stream::GroupOptions& options,
                                                              stream::RebalanceListener listener) {
    return real_.consumer(options, std::move(listener));
}

std::unique_ptr<stream::GroupMember> FaultyStream::member(const stream::GroupOptions& options,
                                                          stream::RebalanceListener listener) {
    if (away) throw Unavailable("no broker");
    return real_.member(options, std::move(listener));
}

std::unique_ptr<stream::Admin> FaultyStream::admin(std::chrono::milliseconds timeout) {
    return std::make_unique<FaultyAdmin>(*this, real_.admin(timeout));
}

std::string FaultyStream::ping(std::chrono::milliseconds timeout) {
    return away ? std::string("no broker") : real_.ping(timeout);
}

}  // namespace nearline::test
