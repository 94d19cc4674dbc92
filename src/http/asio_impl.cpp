// The one place where Asio and Beast are compiled; everywhere else they are declarations
// (BOOST_ASIO_SEPARATE_COMPILATION, BOOST_BEAST_SEPARATE_COMPILATION in cmake/Compiler.cmake).
#include <boost/asio/impl/src.hpp>
// Its parser asserts that a last chunk comes whole in one piece, and reads one that does not correctly where
// assertions are off, as in every release: a build with assertions must not end for what a client sends.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/src.hpp>
