#include <algorithm>

#include "domain/problem.hpp"
#include "stream/embedded/engine.hpp"

namespace nearline::stream::embedded {
namespace {

constexpr std::size_t batch_size = 1'000;

}  // namespace

// Offsets have no gaps here but where retention moves the start: a reader that comes behind the end, or finds
// it gone, is done.
void scan(Engine& engine, const std::vector<Position>& from, std::chrono::milliseconds patience,
          const std::function<bool(ConsumedRecord&&)>& take) {
    const auto admin = make_admin(engine, patience);
    for (const auto& [at, offset] : from) {
        const auto [start, end] = admin->watermarks(at);
        auto next = std::max(offset, start);
        if (next >= end) continue;
        const auto reader = make_reader(engine);
        reader->assign({{at, next}});
        auto deadline = std::chrono::steady_clock::now() + patience;
        while (next < end) {
            auto records = reader->poll(batch_size, std::min(patience, std::chrono::milliseconds(200)));
            for (auto& record : records) {
                next = record.offset + 1;
                if (record.offset < end && !take(std::move(record))) return;
            }
            if (!records.empty()) {
                deadline = std::chrono::steady_clock::now() + patience;
                continue;
            }
            next = std::max(next, admin->watermarks(at).start);
            if (next < end && std::chrono::steady_clock::now() >= deadline) {
                throw Unavailable("embedded log: " + to_text({at}) + " can't be read to its end");
            }
        }
    }
}

}  // namespace nearline::stream::embedded
