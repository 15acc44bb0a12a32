"""A real RabbitMQ cluster on one machine: containers under real systemd, one network namespace each."""
