"""Who answers at home: the service on loopback, its objects and its samples."""
