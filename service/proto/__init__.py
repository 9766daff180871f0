"""The gRPC interfaces: .proto files, and what `make proto` generates from them."""
