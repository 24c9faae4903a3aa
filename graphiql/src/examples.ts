/** Questions that anyone may ask; each viewer gets an answer of their own. */

export interface Example {
  title: { nb: string; en: string };
  query: string;
}

export const examples: Example[] = [
  {
    title: { nb: "Hvem er jeg?", en: "Who am I?" },
    query: `query WhoAmI {
  viewer {
    person {
      __typename
      id
      name
    }
    municipality
    units {
      name
      kind
    }
    unreadCount
  }
}
`,
  },
  {
    title: { nb: "Barna, og hva jeg får vite om dem", en: "The children, and what I may know of them" },
    query: `query Children {
  viewer {
    children {
      ...Known
    }
    pupils(first: 25) {
      totalCount
      nodes {
        ...Known
      }
    }
  }
}

fragment Known on Child {
  id
  name
  relations
  birthDate
  nationalId
  address {
    lines
    postalCode
    city
  }
  guardians {
    name
    contact {
      phone
      email
    }
  }
}
`,
  },
  {
    title: { nb: "Samtaler og siste melding", en: "Threads and the latest message" },
    query: `query Threads {
  viewer {
    threads(first: 20) {
      totalCount
      pageInfo {
        hasNextPage
        endCursor
      }
      nodes {
        id
        subject
        lastMessageAt
        unreadCount
        unit {
          name
        }
        child {
          name
        }
        participants {
          side
          person {
            __typename
            name
          }
        }
        latestMessage {
          sentAt
          body
          author {
            name
          }
        }
      }
    }
  }
}
`,
  },
  {
    title: { nb: "Enheter, grupper og ansatte", en: "Units, groups and staff" },
    query: `query Units {
  viewer {
    units {
      name
      kind
      phone
      groups {
        name
        kind
      }
      staff {
        name
        positions {
          role
          unit {
            name
          }
        }
      }
    }
  }
}
`,
  },
  {
    title: { nb: "Hvem har foreldreansvar?", en: "Who has parental responsibility?" },
    query: `query Responsibilities {
  viewer {
    children {
      ...Responsible
    }
    pupils(first: 25) {
      nodes {
        ...Responsible
      }
    }
  }
}

fragment Responsible on Child {
  name
  guardians {
    name
  }
  responsibilities {
    holder
    kind
    opensAccess
    since
    until
  }
}
`,
  },
  {
    title: { nb: "Hva står om tilgang på hvert felt?", en: "What does the schema say of each field of a child?" },
    query: `query Fields {
  __type(name: "Child") {
    description
    fields {
      name
      description
      type {
        name
        kind
      }
    }
  }
}
`,
  },
];
