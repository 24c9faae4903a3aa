"""The reference: graphql-core's own executor over naive per-object resolvers that ask the oracle."""
