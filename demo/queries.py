"""An example query for each kind of persona: what they would open first."""

FAMILY = """query Family {
  viewer {
    person { __typename name }
    children {
      name relations birthDate nationalId
      address { lines postalCode city }
      units { name kind phone }
      groups { name kind }
      guardians { name contact { phone email } }
    }
    unreadCount
    threads(first: 10) {
      totalCount
      nodes {
        subject joint lastMessageAt unreadCount
        unit { name }
        child { name }
        participants { side person { __typename name } }
        latestMessage { body sentAt author { name } }
      }
    }
  }
}
"""

CLASS = """query MyClass {
  viewer {
    person { __typename name }
    units { name kind }
    pupils(first: 30) {
      totalCount
      nodes {
        name relations birthDate nationalId
        address { lines postalCode city }
        guardians { name contact { phone email } }
        threads(first: 3) { nodes { subject lastMessageAt unreadCount } }
        records(first: 3) { totalCount nodes { kind writtenAt latestVersion { title } } }
      }
    }
  }
}
"""

SUBJECT = """query MyPupils {
  viewer {
    person { __typename name }
    pupils(first: 30) {
      totalCount
      nodes { name relations birthDate address { lines } guardians { name contact { phone } } }
    }
    threads(first: 10) {
      totalCount
      nodes {
        subject child { name }
        participants { joinedAt person { name } }
        messages(last: 5) { nodes { body sentAt author { name } } }
      }
    }
  }
}
"""

UNIT = """query MyUnit {
  viewer {
    person { __typename name }
    units {
      name kind phone
      groups { name kind staff { name } }
      staff { name positions { role unit { name } } }
      children(first: 10) {
        totalCount
        nodes { name relations nationalId responsibilities { holder kind opensAccess since until } }
      }
      threads(first: 10) {
        totalCount
        nodes { subject child { name } latestMessage { body sentAt author { name } onBehalfOf { name } } }
      }
    }
  }
}
"""

STAFF = """query OurThreads {
  viewer {
    person { __typename name }
    unreadCount
    units {
      name kind
      threads(first: 20) {
        totalCount
        nodes {
          subject unreadCount
          child { name relations guardians { name } }
          messages(last: 3) { nodes { body sentAt author { name } onBehalfOf { name } } }
        }
      }
    }
  }
}
"""

SELF = """query Me {
  viewer {
    person {
      __typename
      name
      ... on Child {
        relations birthDate nationalId
        address { lines postalCode city }
        units { name kind } groups { name }
        guardians { name contact { phone } }
      }
    }
    threads(first: 5) { totalCount nodes { subject } }
  }
}
"""

NOTHING = """query WhatIsThere {
  viewer {
    person { __typename name }
    municipality
    units { name }
    children { name }
    pupils(first: 5) { totalCount nodes { name relations } }
    threads(first: 5) { totalCount nodes { subject } }
  }
}
"""

CASE = """query TheCase {
  viewer { person { __typename name } threads(first: 1) { totalCount } }
  node(id: "CHILD_ID") {
    ... on Child {
      name relations birthDate nationalId
      address { lines postalCode city }
      units { name } groups { name }
      guardians { name contact { phone email } }
      responsibilities { holder kind opensAccess since until }
      threads(first: 1) { totalCount }
    }
  }
}
"""
"""CHILD_ID gives way to the id of the child of the need case once the child is in the database."""
