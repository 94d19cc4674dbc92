#include <gmock/gmock.h>

#include "contract/stream/fixture.hpp"
#include "runtime/log.hpp"

int main(int argc, char** argv) {
    ::testing::InitGoogleMock(&argc, argv);
    nearline::log::configure(nearline::log::Level::warning, nearline::log::Format::text);
    const int failed = RUN_ALL_TESTS();
    nearline::stream::testing::stop_broker();
    return failed;
}
