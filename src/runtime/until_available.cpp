#include "runtime/until_available.hpp"

#include "domain/problem.hpp"
#include "runtime/backoff.hpp"

namespace nearline {

bool until_available(Health& health, const std::string& dependency, const StopToken& stop,
                     const std::function<void()>& attempt, const std::string& witness) {
    Backoff backoff;
    health.awaits(dependency, witness);
    while (!stop.requested()) {
        try {
            attempt();
            health.up(dependency, witness);
            return true;
        } catch (const Unavailable& error) {
            health.down(dependency, error.what(), witness);
        }
        stop.wait_for(backoff.next());
    }
    return false;
}

}  // namespace nearline
